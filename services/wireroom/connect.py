"""From URLs to implementations of the seams. Each is imported when its URL is asked for: it may not be installed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from wireroom.codec import reading
from wireroom.config import LOG_URL, STORE_URL, RegistrySettings, Security
from wireroom.errors import ConfigurationError, Fault
from wireroom.log import Log
from wireroom.s3_url import parse_s3_url
from wireroom.store import PolledStore

if TYPE_CHECKING:
    from wireroom.registry import SchemaRegistry

KAFKA = "kafka://"


def open_log(url: str, prefix: str = "wireroom.", create: bool = True, security: Security | None = None) -> Log:
    """The log of a URL; without `create` it must be there already. Raises ConfigurationError, Red."""
    if url.startswith(KAFKA):
        with installed():
            from wireroom.log.kafka.log import KafkaLog
        return KafkaLog(brokers(url), prefix, security)
    path = _path(url, "sqlite:///", LOG_URL)
    if not create and not path.exists():
        raise ConfigurationError([Fault("log.url", f"no log at {path}", "one to which something was published")])
    with installed():
        from wireroom.log.sqlite import SQLiteLog
    return SQLiteLog(path, prefix)


def brokers(url: str) -> list[str]:
    """The brokers of a `kafka://` URL. Raises ConfigurationError for another."""
    if not url.startswith(KAFKA):
        raise ConfigurationError([Fault("log.url", repr(url), "kafka://host:port,host:port")])
    return url.removeprefix(KAFKA).split(",")


def open_store(url: str) -> PolledStore:
    """The store of a URL. Raises ConfigurationError, Red, RetryAfter."""
    if url.startswith("s3://"):
        return _open_s3(url)
    path = _path(url, "file:///", STORE_URL)
    from wireroom.store.directory import DirectoryStore

    return DirectoryStore(path)


def _open_s3(url: str) -> PolledStore:
    try:
        bucket = parse_s3_url(url)
    except ValueError as error:
        raise ConfigurationError([Fault("store.url", repr(url), str(error))]) from error
    with installed():
        from wireroom.store.s3 import S3Store
    return S3Store(bucket)


def open_registry(settings: RegistrySettings) -> "SchemaRegistry":
    """The registry of schemas. Raises ConfigurationError when none is set."""
    if settings.url is None:
        raise ConfigurationError([Fault("registry.url", "no value", "a schema registry's address")])
    with installed():
        from wireroom.registry import SchemaRegistry
    return SchemaRegistry(settings)


@contextmanager
def foreign_events(settings: RegistrySettings) -> Iterator[None]:
    """Read events of other producers too, where a registry of their schemas is set. Raises ConfigurationError."""
    if settings.url is None:
        yield
        return
    with reading(open_registry(settings)):
        yield


def _path(url: str, scheme: str, expected: str) -> Path:
    if not url.startswith(scheme) or len(url) == len(scheme):
        raise ConfigurationError([Fault("url", repr(url), expected)])
    return Path(url.removeprefix(scheme))


@contextmanager
def installed() -> Iterator[None]:
    """Turn the lack of one of our optional libraries into a ConfigurationError that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not (extras := _extras(error.name or "")):
            raise
        remedy = " or ".join(f"pip install 'wireroom[{extra}]'" for extra in extras)
        raise ConfigurationError([Fault("", f"{error.name} is not installed", remedy)]) from error


def _extras(module: str) -> list[str]:
    """The extras that bring a module; none for a module that is not ours to name."""
    package = re.escape(module.partition(".")[0])
    requirements = "\n".join(metadata.requires("wireroom") or ())
    return [
        extra for extra in re.findall(rf"(?i)^{package}\b.*extra == '(\w+)'$", requirements, re.M) if extra != "all"
    ]
