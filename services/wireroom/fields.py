"""What may stand in the fields of an event: each rule once, in the words that a fault repeats.

Text is checked in pydantic's core, which also refuses lone surrogates: UTF-8, and so the log, cannot carry them. Other
control characters may stand in text (sinks remove them), but not in ids and addresses.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from wireroom.faults import Expected

_LONG = 2**63 - 1  # Avro's long
_INT = 2**31 - 1  # Avro's int
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EMAIL = re.compile(r"(?<![@\w.+%-])[\w.+%-]+(@|%40)[\w-]+(\.[\w-]+)*\.\w{2,}")
_HOST = r"[^\s\p{Cc}/?#@:<>\[\]\"\\^`{|}]+"
_PATH = r"[^\s\p{Cc}<>\"\\^`{|}]*"  # and query and fragment: RFC 3986, and what RFC 3987 adds
_KEY, _KEPT = re.compile(rb"[^A-Za-z0-9_-]"), re.compile(r"[A-Za-z0-9_-]+")
MANY = 1000  # items in any list or map
_KEY_BYTES = 200
_TAG_LENGTH = 64


def article_key(article_id: str) -> str:
    """An article id as it stands in keys and URL paths: every byte outside `[A-Za-z0-9_-]` as `~XX`."""
    if _KEPT.fullmatch(article_id):
        return article_id
    return _KEY.sub(lambda byte: b"~%02X" % ord(byte[0]), article_id.encode()).decode()


def article_id(key: str) -> str:
    """The article id that stands in a key so encoded."""
    return re.sub(rb"~([0-9A-F]{2})", lambda byte: bytes.fromhex(byte[1].decode()), key.encode()).decode()


def _fits_in_keys(article_id: str) -> str:
    if len(article_id) * 12 <= _KEY_BYTES or len(article_key(article_id)) <= _KEY_BYTES:
        return article_id
    raise ValueError


def _is_date(value: object) -> object:
    """Pydantic alone would take Unix times and bare days too."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value
    raise ValueError


def _is_splittable(url: str) -> str:
    """Whoever takes it apart must not stumble over a port, an IPv6 address or a look-alike character."""
    if url.count(":") > 1 or "[" in url or not url.isascii():
        _ = urlsplit(url).port
    return url


def holds_email(value: str) -> bool:
    """Whether an e-mail address is in it."""
    return ("@" in value or "%40" in value) and _EMAIL.search(value) is not None


def _no_email(value: str) -> str:
    if holds_email(value):
        raise PydanticCustomError("email", "no e-mail address: what is published is harvested")
    return value


@lru_cache(maxsize=1024)
def _is_registered(tag: str) -> str:
    from langcodes import tag_is_valid  # its tables take 60 ms to load

    if not tag_is_valid(tag):
        raise ValueError
    return tag


@dataclass(frozen=True, slots=True)
class Few:
    """Annotates a sequence: counted before its items are looked at, so that a bomb costs one fault, not a million."""

    most: int = MANY

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.chain_schema([core_schema.list_schema(max_length=self.most), handler(source)])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """As JSON Schema: that of the sequence, which knows its items."""
        return {**handler(cast(core_schema.ChainSchema, schema)["steps"][-1]), "maxItems": self.most}


# A length is asked of every text, for only then does pydantic look into it and find lone surrogates.
Text = Annotated[str, Strict(), Field(min_length=0)]
Name = Annotated[str, Strict(), Field(pattern=r"[^\s\p{Cc}\p{Cf}]"), Expected("text that is not empty")]
Line = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[^\p{Cc}\u{FFFE}\u{FFFF}]+$"),
    Expected("text that is not empty, without control characters"),
]
Id = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$"),
    Expected("1 to 64 of a-z, 0-9 and -, not beginning with -"),
]
FeedPath = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}/[a-z0-9][a-z0-9-]{0,63}$"),
    Expected("publication/feed, such as morning-post/wire"),
]
ArticleId = Annotated[
    Line,
    AfterValidator(_fits_in_keys),
    Expected(f"1 to {_KEY_BYTES} bytes as it stands in keys, no control characters"),
]
Url = Annotated[
    str,
    Strict(),
    Field(pattern=rf"^(?i:https?)://({_HOST}|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?#]{_PATH})?$"),
    AfterValidator(_is_splittable),
    Expected("an absolute http or https URL"),
]
Person = Annotated[Name, AfterValidator(_no_email)]
PersonalUrl = Annotated[Url, AfterValidator(_no_email)]
Language = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$", max_length=_TAG_LENGTH),
    AfterValidator(_is_registered),
    Expected("a language tag of BCP 47, such as id or en-GB"),
]
MediaType = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$"),
    Expected("a media type, such as image/jpeg"),
]
# Avro's microseconds can say more than the years 1 to 9999, a time with its zone less.
_Aware = Annotated[AwareDatetime, Field(ge=datetime.min.replace(tzinfo=UTC), le=datetime.max.replace(tzinfo=UTC))]
Moment = Annotated[
    Annotated[_Aware, Strict()] | Annotated[_Aware, BeforeValidator(_is_date)],
    Field(union_mode="left_to_right"),
    Expected("a date and time of RFC 3339 with its time zone, such as 2026-03-01T09:30:00Z"),
]
Revision = Annotated[int, Strict(), Field(ge=1, le=_LONG), Expected(f"a whole number from 1 to {_LONG}")]
Pixels = Annotated[int, Strict(), Field(ge=1, le=_INT), Expected(f"a whole number from 1 to {_INT}")]
Bytes = Annotated[int, Strict(), Field(ge=0, le=_LONG), Expected(f"a whole number from 0 to {_LONG}")]
