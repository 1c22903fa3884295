"""Where `wireroom publish` sends events: to the configuration's log, or to a Wireroom that runs elsewhere."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from wireroom.batches import BATCH_BYTES
from wireroom.codec import encode
from wireroom.config import Settings
from wireroom.config_environment import KEY
from wireroom.connect import open_log
from wireroom.errors import ConfigurationError, Fault
from wireroom.event import ArticleEvent
from wireroom.log import Message, Position


class Outlet(NamedTuple):
    """How an event is written, what takes a batch of them, and how many bytes that may be."""

    encode: Callable[[ArticleEvent], Message]
    append: Callable[[Sequence[Message]], Sequence[Position]]
    batch_bytes: int = BATCH_BYTES


def nowhere(settings: Settings) -> Outlet:
    """Takes all and sends nothing."""
    return Outlet(_by_shards(settings), lambda messages: ())


@contextmanager
def to_log(settings: Settings, topic: str) -> Iterator[Outlet]:
    """The log of the settings."""
    with closing(open_log(settings.log.url, settings.log.prefix, security=settings.log.security)) as log:
        yield Outlet(_by_shards(settings), lambda messages: log.append(topic, messages))


@contextmanager
def to_service(url: str, key_file: Path | None, allow_http: bool, topic: str) -> Iterator[Outlet]:
    """A service that takes events. Raises ConfigurationError."""
    from wireroom.client.service import REQUEST_BYTES, Service, as_json

    with closing(Service(url, _key(key_file), allow_http=allow_http)) as service:
        yield Outlet(as_json, lambda messages: service.append(topic, messages), REQUEST_BYTES)


def _by_shards(settings: Settings) -> Callable[[ArticleEvent], Message]:
    return lambda event: encode(event, settings.shards.get(event.publication, 1))


def _key(file: Path | None) -> str:
    """The key that is given, in a file or in the environment; never on the command line, which others can read."""
    try:
        key = file.read_text("ascii").strip() if file else os.environ.get(KEY, "")
    except (OSError, ValueError) as error:
        raise ConfigurationError([Fault("key", f"{file}, which cannot be read", "a file with a key")]) from error
    if not key:
        raise ConfigurationError([Fault("key", "nothing", f"a key: --key-file, {KEY}_FILE or {KEY}")])
    return key
