"""The records of the access log, each a line of JSON. Times in microseconds since the epoch.

Kept is who asked with which key for which document, and what the answer was: no secret, no address, no program's name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from wireroom.errors import Red

ANY = "*"
_KNOWN = re.compile(r'"[0-9A-Za-z_-]{1,100}"')


@dataclass(frozen=True, slots=True)
class Access:
    """A request and its answer.

    `key`: the id of the key. `etag` and `generation`: of the state that the answer was about, None where it was about
    none. `known`: the ETag that the partner said it holds, or `*`. `size`: bytes of the body that was sent.
    """

    time: int
    partner: str
    key: str
    document: str
    method: str
    status: int
    etag: str | None = None
    generation: int | None = None
    known: str | None = None
    size: int = 0

    @property
    def is_held(self) -> bool:
        """Whether the partner has the state afterwards: it was sent whole, or was there already (304).

        304 on `*` says only that there is a document, and on a date that the date is later: anybody may send such.
        """
        if self.generation is None:
            return False
        return self.known not in (None, ANY) if self.status == 304 else self.status == 200 and self.method == "GET"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a document, told before the first answer about it: `shown` are digests of its entries' ids.

    `etag`: of its body as it is, not packed.
    """

    time: int
    document: str
    generation: int
    etag: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slowed:
    """Requests of a partner that were too many (429) since the last such record."""

    time: int
    partner: str
    count: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Records that could not be kept: the store was away for too long."""

    time: int
    count: int


Record = Access | State | Slowed | Lost
_KINDS: Mapping[str, type[Record]] = {"access": Access, "state": State, "slowed": Slowed, "lost": Lost}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """A record with its number, by which one that was written twice is told: numbers of one server are its own."""

    number: int
    record: Record

    def __str__(self) -> str:
        told = {name: value for name, value in asdict(self.record).items() if value is not None}
        return json.dumps({"record": _NAMES[type(self.record)], "number": self.number, **told}, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """A line as it was written. Raises Red for anything else."""
        try:
            told: dict[str, Any] = json.loads(text)
            kind = _KINDS[told.pop("record")]
            number = told.pop("number")
            if kind is State:
                told["shown"] = tuple(told["shown"])
            return cls(number, kind(**told))
        except (ValueError, TypeError, KeyError) as error:
            raise Red("a record of the access log is none of this version", "upgrade whoever reads it") from error


def known_of(if_none_match: bytes) -> str | None:
    """The first ETag in a header If-None-Match, if it can be one of ours: what else stands there is not kept."""
    text = if_none_match.decode("latin-1").strip()
    if text == ANY:
        return ANY
    found = _KNOWN.search(text)
    return found.group() if found else None
