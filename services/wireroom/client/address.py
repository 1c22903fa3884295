"""Where a service is and with which key, checked before anything is sent there."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from wireroom.errors import ConfigurationError, Fault
from wireroom.faults import found

SCHEMES = ("https://", "http://")
_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # a bearer token (RFC 6750, 2.1)


def check_address(url: str, key: str | None, allow_http: bool) -> None:
    """Raises ConfigurationError with everything that is wrong; no fault shows the key, nor a password in the URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is none
    except ValueError as error:
        raise ConfigurationError([Fault("url", "an address that is none", f"https://host/ ({error})")]) from error
    faults = [*_of_address(parts), *_of_way(parts, allow_http), *_of_key(key)]
    if faults:
        raise ConfigurationError(faults)


def _of_address(parts: SplitResult) -> Iterator[Fault]:
    host = parts.hostname or ""
    if not host or not host.isascii() or not host.isprintable() or " " in host:
        yield Fault("url", f"the host {found(host)}", "a host's name in ASCII (xn--…), or its address")
    if "@" in parts.netloc:
        yield Fault("url", "a user or a password in it", "none: the key says who publishes")
    if parts.query or parts.fragment:
        yield Fault("url", "? or # in it", "the address alone, such as https://host/")


def _of_way(parts: SplitResult, allow_http: bool) -> Iterator[Fault]:
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname or ""):
        yield Fault("url", "http, where others can read the key", "https; or allow_http, on a network that is your own")


def _of_key(key: str | None) -> Iterator[Fault]:
    if not key:
        yield Fault("key", "nothing", "the key of a publishing system")
    elif not _KEY.fullmatch(key):
        yield Fault("key", "characters that no key has", "a key as it was shown, such as wr_…")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
