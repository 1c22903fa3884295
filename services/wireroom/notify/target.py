"""Where a request may go: URLs and addresses that others chose, and what of them is ever asked.

Nobody may use us to reach what only we can reach, so an address must be one that the whole world can reach, unless the
configuration allows its network. What is allowed by name there may also be reached without TLS.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple, Self

from wireroom.errors import Fault, Reject
from wireroom.faults import found

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LONGEST = 4096  # characters of a URL
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_REST = r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]*"
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<path>/{_REST})?(?P<query>\?[?{_REST[1:]})?",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)  # a last label such as only addresses have
_PORTS = {"https": 443, "http": 80}
_FROM = 1024  # below it are the ports of other protocols: mail, shells, directories
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the whole IPv4 Internet, for hosts that speak IPv6 only
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# What Python 3.11 takes for global (later ones know better), and what is global and still answers only us.
_NEVER = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; one cloud has its metadata there
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # the host of a virtual machine at Azure
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address in disguise
    IPv6Network("3fff::/20"),  # documentation
)


class Target(NamedTuple):
    """A URL taken apart. `host`: a name, or an address without brackets; `path`: with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """What to connect to, and what to ask there. Raises Reject."""
        match = _URL.fullmatch(url) if len(url) <= _LONGEST else None
        if match is None:
            raise _rejected("url", url, "an http or https URL in ASCII, of a host, without user and fragment")
        scheme = match["scheme"].lower()
        port = int(match["port"] or _PORTS[scheme])
        if port not in _PORTS.values() and not _FROM <= port < 65_536:
            raise _rejected("url", url, f"port 80 or 443, or one from {_FROM} to 65535")
        return cls(
            scheme, _host(url, match["host"].rstrip(".").lower()), port, (match["path"] or "/") + (match["query"] or "")
        )

    @property
    def address(self) -> Address | None:
        """The host, where it is an address and no name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """As the header Host has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def permitted(target: Target, addresses: Iterable[Address], allow: Sequence[Network]) -> list[Address]:
    """The addresses of a target, when each of them may be asked. Raises Reject when one may not."""
    addresses = list(addresses)
    for address in addresses:
        plain = _plain(address)
        if any(plain in network for network in allow):
            continue
        if target.scheme == "http":
            raise _rejected("url", f"http to {address}", "https, or an address in notify.allow")
        if not _is_global(plain):
            raise _rejected("url", f"{target.host} at {address}", "a public address, or one in notify.allow")
    return addresses


def _host(url: str, host: str) -> str:
    """Without brackets; addresses in one spelling only: C libraries read 127.1, 0x7f.1 and 017700000001 too."""
    try:
        if host.startswith("["):
            return str(IPv6Address(host[1:-1]))
        return str(IPv4Address(host)) if _NUMBER.fullmatch(host.rpartition(".")[2]) else _name(host)
    except ValueError:
        raise _rejected("url", url, "a host name, or an address as 192.0.2.1 or [2001:db8::1]") from None


def _name(host: str) -> str:
    if len(host) > 253:
        raise ValueError
    return host


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where connecting to the one reaches the other."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def _rejected(path: str, what: str, expected: str) -> Reject:
    return Reject("forbidden-target", [Fault(path, found(what), expected)])
