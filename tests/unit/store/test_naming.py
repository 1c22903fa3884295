"""Keys and ETags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.store.naming import checked, etag, is_name


@pytest.mark.parametrize("key", ["a", "feeds/p/latest.rss", "articles/p/~C3~A5-1.json", "_probe/0", "a/" + "b" * 255])
def test_a_key_is_returned(key: str) -> None:
    assert checked(key) == key


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "..", "a/../b", "a/.b", "a\n", "a/b\n", "a%2Fb", "å", "a/" + "b" * 256]
)
def test_anything_else_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        checked(key)


@given(st.text(alphabet="ab./~\\\0 \n%-", max_size=12))
def test_a_key_is_names_between_slashes(key: str) -> None:
    assert all(map(is_name, key.split("/"))) == accepted(key)


def accepted(key: str) -> bool:
    try:
        return checked(key) == key
    except ValueError:
        return False


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_etags_are_equal_exactly_when_bodies_are(one: bytes, other: bytes) -> None:
    assert (etag(one) == etag(other)) == (one == other)


def test_an_etag_is_strong_and_quoted() -> None:
    assert etag(b"").startswith('"')
    assert etag(b"").endswith('"')
    assert etag(b"")[1:-1].isalnum()
