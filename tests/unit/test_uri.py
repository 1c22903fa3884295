import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import FormatChecker

from wireroom.errors import Reject
from wireroom.uri import uri


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://news.example/17?a=1&b=%20#topp", "https://news.example/17?a=1&b=%20#topp"),
        ("https://fjordposten.example/blåbær/på tur", "https://fjordposten.example/bl%C3%A5b%C3%A6r/p%C3%A5%20tur"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        (
            "https://news.example/東京?q=首相#結果",
            "https://news.example/%E6%9D%B1%E4%BA%AC?q=%E9%A6%96%E7%9B%B8#%E7%B5%90%E6%9E%9C",
        ),
        ("https://news.example/100%/x", "https://news.example/100%25/x"),
        ("https://news.example/a[1]|b", "https://news.example/a%5B1%5D%7Cb"),
        ("HTTPS://news.example/x", "https://news.example/x"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("https://例え.みんな:8443/x", "https://xn--r8jz45g.xn--q9jyb4c:8443/x"),
        ("https://Straße.example:80/", "https://xn--strae-oqa.example:80/"),
        ("https://نامه\u200cای.example/", "https://xn--mgba3gch31f060k.example/"),
        ("https://σοφος。bücher.example/", "https://xn--0xaajbq.xn--bcher-kva.example/"),
        ("https://news.example/x#a#b", "https://news.example/x#a%23b"),
    ],
)
def test_an_address_becomes_a_uri(address: str, expected: str) -> None:
    assert uri(address) == expected
    assert FormatChecker().conforms(expected, "uri")


@pytest.mark.parametrize(
    "address", ["/relative", "mailto:desk@news.example", "https://", "javascript:alert(1)", "https://[x"]
)
def test_what_cannot_be_one_is_refused(address: str) -> None:
    with pytest.raises(Reject, match="invalid-url"):
        uri(address)


def test_the_check_above_can_fail() -> None:
    assert not FormatChecker().conforms("https://news.example/a b", "uri")


@given(st.text())
def test_whatever_follows_the_host_the_result_is_a_uri_and_stays_one(rest: str) -> None:
    found = uri(f"https://news.example/{rest}")
    assert FormatChecker().conforms(found, "uri")
    assert uri(found) == found
