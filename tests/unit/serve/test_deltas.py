"""What is new in a feed."""

from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from wireroom.document import generation_of
from wireroom.serve.deltas import delta, entries

GOLDEN = Path(__file__).parents[2] / "golden" / "feeds"
ATOM = "http://www.w3.org/2005/Atom"
AT = "http://purl.org/atompub/tombstones/1.0"


def rss(*items: str) -> bytes:
    """Each `id=title`."""
    parts = (item.partition("=") for item in items)
    listed = "".join(f"<item><title>{title}</title><guid>{ident}</guid></item>" for ident, _, title in parts)
    return f"<rss><channel><title>é</title>{listed}<!-- wireroom:generation 3 --></channel></rss>".encode()


def since(before: bytes, after: bytes) -> bytes | None:
    return delta(entries(before), after)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (["b", "a"], ["c", "b", "a"], ["c"]),
        (["b", "a"], ["c", "b"], ["c"]),  # the window moved on
        (["b", "a"], ["d", "c"], ["d", "c"]),
        (["b", "a"], ["b", "a=corrected"], ["a=corrected"]),
        (["b", "a"], ["b", "a"], []),
        ([], ["a"], ["a"]),
    ],
)
def test_only_what_is_new_or_changed_is_left(before: list[str], after: list[str], new: list[str]) -> None:
    assert since(rss(*before), rss(*after)) == rss(*new)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["c", "b", "a"], ["c", "a"]),  # withdrawn
        (["c", "b", "a"], ["d", "c", "a"]),
        (["b", "a"], ["b"]),
        (["b", "a"], ["b", "older"]),  # withdrawn at the end: the reserve moved up
        (["a"], []),
    ],
)
def test_what_was_taken_out_is_told_by_the_whole_feed_alone(before: list[str], after: list[str]) -> None:
    assert since(rss(*before), rss(*after)) is None


def test_nothing_is_pushed_out_of_a_feed_that_has_room() -> None:
    before, after = rss("c", "b", "a"), rss("d", "c", "b")
    assert delta(entries(before), after, window=3) == rss("d")
    assert delta(entries(before), after, window=4) is None, "a was withdrawn while d came"


def test_a_tombstone_is_new_and_tells() -> None:
    def atom(*parts: str) -> bytes:
        return f'<feed xmlns="{ATOM}" xmlns:at="{AT}">{"".join(parts)}</feed>'.encode()

    a, b, c = ("".join(f"<entry><id>urn:{name}</id></entry>") for name in "abc")
    grave = '<at:deleted-entry ref="urn:b" when="2026-01-01T00:00:00Z"/>'
    assert since(atom(c, b, a), atom(grave, c, a)) == atom(grave)
    assert since(atom(grave, c, a), atom(grave, b.replace("b", "d"), c, a)) == atom(b.replace("b", "d"))


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_delta_of_a_real_feed_is_one(ending: str) -> None:
    """Namespaces, generation and all; text that looks like an entry is none."""
    whole = (GOLDEN / f"kysten.{ending}").read_bytes()
    known = entries(whole)
    items = feedparser.parse(whole).entries
    assert [entry.id for entry in known if entry.id in {item.id for item in items}] == [item.id for item in items]
    for left in range(1, len(items) + 1):
        part = delta([entry for entry in known if entry.id not in {item.id for item in items[:left]}], whole)
        assert part
        assert etree.fromstring(part).tag == etree.fromstring(whole).tag
        assert feedparser.parse(part).entries == items[:left]
        assert generation_of(part) == generation_of(whole)


def test_markup_in_text_is_no_entry() -> None:
    body = rss("a=<![CDATA[</item></channel><item>]]>", "b=&lt;item&gt;")
    assert [entry.id for entry in entries(body)] == ["a", "b"]
    assert since(rss("b=&lt;item&gt;"), body) == rss("a=<![CDATA[</item></channel><item>]]>")


@pytest.mark.parametrize("body", [b"", b"<rss>", b"{}", b"\xff"])
def test_what_is_no_feed_has_no_delta(body: bytes) -> None:
    assert list(entries(body)) == []
    assert since(rss("a"), body) is None


names = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(names, names)
def test_a_reader_that_merges_deltas_misses_nothing(before: list[str], after: list[str]) -> None:
    part = since(rss(*before), rss(*after))
    if part is not None:
        told = {entry.id for entry in entries(part)}
        assert set(after) <= told | set(before)
        assert told == set(after) - set(before)
