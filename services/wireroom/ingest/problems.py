"""What is answered when a request is refused: problems of RFC 9457, each of a type that has a page in the docs."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from wireroom.errors import Fault, WireroomError
from wireroom.keys import redacted_faults

MEDIA_TYPE = "application/problem+json"
FOLDER = "problems/"  # of the address of a type, below the public address
_PACKAGE = Path(__file__).parent
_PAGE = next(path for path in (_PACKAGE / "problems.md", _PACKAGE.parents[2] / "docs/problems.md") if path.exists())


class Kind(NamedTuple):
    """A type of problem."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "invalid-request": Kind(400, "The request cannot be understood"),
    "unauthorized": Kind(401, "No valid key"),
    "forbidden": Kind(403, "The key may not do this"),
    "not-found": Kind(404, "Nothing is at this address"),
    "method-not-allowed": Kind(405, "The method is not allowed here"),
    "timeout": Kind(408, "The body did not come in time"),
    "too-large": Kind(413, "More than is taken at once"),
    "unsupported-media-type": Kind(415, "The content type or encoding is not taken"),
    "invalid-event": Kind(422, "The event breaks the contract"),
    "too-many-requests": Kind(429, "The key sends more events than it may"),
    "internal-error": Kind(500, "A bug in Wireroom"),
    "unavailable": Kind(503, "It cannot be done now"),
}


class Problem(WireroomError):
    """A request is refused. `name`: one of KINDS; `headers`: what goes with the answer; no key in it is told."""

    def __init__(
        self, name: str, detail: str, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.name = name
        self.detail = detail
        self.errors = redacted_faults(errors)
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """The status code."""
        return KINDS[self.name].status

    def alone(self) -> Self:
        """The same, without what it came from: a traceback keeps everything alive that its functions held."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)

    def members(self, base: str) -> dict[str, object]:
        """As JSON; `base`: the public address, with a slash at its end."""
        kind = KINDS[self.name]
        told: dict[str, object] = {
            "type": f"{base}{FOLDER}{self.name}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
        }
        return told | {"errors": [asdict(fault) for fault in self.errors]} if self.errors else told

    def body(self, base: str) -> bytes:
        """The body of the answer."""
        return json.dumps(self.members(base)).encode()


def later(detail: str, seconds: int) -> Problem:
    """It cannot be done now, but perhaps after some seconds."""
    return Problem("unavailable", detail, headers={"Retry-After": str(seconds)})


@cache
def pages() -> Mapping[str, bytes]:
    """The page of each type, and that of all of them under the empty name."""
    whole = _PAGE.read_text("utf-8")
    sections = re.split(r"(?m)^## (?=\S+$)", whole)[1:]
    return {"": whole.encode()} | {each.partition("\n")[0]: f"# {each}".encode() for each in sections}
