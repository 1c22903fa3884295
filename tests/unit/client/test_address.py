import pytest

from wireroom.client.address import check_address
from wireroom.errors import ConfigurationError

KEY = "wr_ab12_Zz-9"


@pytest.mark.parametrize(
    "url",
    [
        "https://ingest.example",
        "https://ingest.example:8443/wireroom/",
        "https://xn--fsq.example/",
        "https://[2001:db8::1]/",
    ],
)
def test_a_service_is_reached_by_https(url: str) -> None:
    check_address(url, KEY, False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.0.1:8080", "[::1]:8080"])
def test_http_is_for_loopback(host: str) -> None:
    check_address(f"http://{host}/", KEY, False)


@pytest.mark.parametrize(
    "host", ["ingest.example", "10.0.0.7", "localhost.example", "127.0.0.1.example", "2130706433", "[::]"]
)
def test_http_elsewhere_must_be_allowed(host: str) -> None:
    with pytest.raises(ConfigurationError, match="https; or allow_http"):
        check_address(f"http://{host}/", KEY, False)
    check_address(f"http://{host}/", KEY, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https:///v1", "a host's name"),
        ("https://例え.example/", "in ASCII"),
        ("https://a b/", "a host's name"),
        ("https://host:port/", "https://host/"),
        ("https://[::1/", "https://host/"),
        ("https://host/?a=1", "the address alone"),
        ("https://host/#top", "the address alone"),
    ],
)
def test_what_is_no_address(url: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        check_address(url, KEY, False)


@pytest.mark.parametrize("key", ["wr_ab\n", "wr_ab cd", "wr_ñ", "wr_ab\r\nX-Y: 1", " wr_ab"])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="characters that no key has") as caught:
        check_address("https://host/", key, False)
    assert key not in str(caught.value)


def test_everything_is_told_at_once_and_no_secret_of_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_address("http://user:hunter2@host.example/?a", None, False)
    assert len(caught.value.faults) == 4
    assert "hunter2" not in str(caught.value)
