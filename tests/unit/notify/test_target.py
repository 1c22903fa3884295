"""Which URLs and addresses may be asked."""

from ipaddress import ip_address, ip_network

import pytest

from wireroom.errors import Reject
from wireroom.notify.target import Network, Target, permitted

NAMED = Target.of("https://partner.example/")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://partner.example/in?x=1", Target("https", "partner.example", 443, "/in?x=1")),
        ("HTTPS://Partner.Example.:8443", Target("https", "partner.example", 8443, "/")),
        ("https://partner.example?a/b?c", Target("https", "partner.example", 443, "/?a/b?c")),
        ("http://192.0.2.1:1024/", Target("http", "192.0.2.1", 1024, "/")),
        ("https://[2001:DB8::1]:8443/a", Target("https", "2001:db8::1", 8443, "/a")),
        ("https://my_service-1/", Target("https", "my_service-1", 443, "/")),
        ("https://1.example/", Target("https", "1.example", 443, "/")),
    ],
)
def test_a_url_taken_apart(url: str, target: Target) -> None:
    assert Target.of(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "gopher://partner.example/",
        "//partner.example/",
        "https:///path",
        "https:partner.example",
        "https://user@partner.example/",
        "https://user:password@partner.example/",
        "https://partner.example@127.0.0.1/",
        "https://partner.example#fragment",
        "https://partner.example/\r\nX: y",
        "https://partner.example/ HTTP/1.1",
        "https://partner.example/\t",
        "https://partner.example\\@127.0.0.1/",
        "https://partner.example/\x00",
        "https://bücher.example/",
        "https://ⓛocalhost/",
        "https://partner..example/",
        "https://.example/",
        "https://-partner.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 127}example/",
        "https://partner.example:0/",
        "https://partner.example:25/",
        "https://partner.example:22/",
        "https://partner.example:65536/",
        "https://partner.example:-1/",
        "https://partner.example:٤٤٣/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.0x1/",
        "https://127.0.0.01/",
        "https://1.2.3.4.5/",
        "https://256.0.0.1/",
        "https://partner.example.1/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://[127.0.0.1]/",
        "https://[v1.a]/",
        "https://partner.example/" + "a" * 4096,
    ],
)
def test_what_is_no_target(url: str) -> None:
    with pytest.raises(Reject, match="forbidden-target"):
        Target.of(url)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "172.16.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "224.0.1.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::",
        "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
        "fe80::1%eth0", "::ffff:0:127.0.0.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(Reject, match="a public address"):
        permitted(NAMED, [ip_address(address)], [])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "172.32.0.1"]
)
def test_public_addresses(address: str) -> None:
    assert permitted(NAMED, [ip_address(address)], []) == [ip_address(address)]


def test_one_private_address_among_public_ones_forbids_all() -> None:
    with pytest.raises(Reject, match=r"partner\.example at 10\.0\.0\.1"):
        permitted(NAMED, [ip_address("8.8.8.8"), ip_address("10.0.0.1")], [])


def allow(*networks: str) -> list[Network]:
    return [ip_network(each) for each in networks]


def test_a_network_that_is_allowed() -> None:
    inside = [ip_address("10.0.0.1"), ip_address("::ffff:10.0.0.2"), ip_address("8.8.8.8")]
    assert permitted(NAMED, inside, allow("10.0.0.0/8", "fd00::/8")) == inside
    with pytest.raises(Reject):
        permitted(NAMED, [*inside, ip_address("127.0.0.1")], allow("10.0.0.0/8"))


def test_without_tls_only_what_is_allowed() -> None:
    plain = Target.of("http://partner.example/")
    assert permitted(plain, [ip_address("10.0.0.1")], allow("10.0.0.0/8"))
    with pytest.raises(Reject, match=r"https, or an address in notify\.allow"):
        permitted(plain, [ip_address("10.0.0.1"), ip_address("8.8.8.8")], allow("10.0.0.0/8"))
