"""What each conversion of a mapping does to a value. Total: what one does not understand it leaves as it is."""

import re
from collections.abc import Callable, Mapping
from html import escape

from wireroom.clock import SECOND, moment
from wireroom.fields import holds_email
from wireroom.mapping import Conversion, scalar
from wireroom.text import plain

_BLOCK = re.compile(
    r"<(?:/|)(?:p|br|div|li|ul|ol|h[1-6]|blockquote|figure|figcaption|tr|td|hr)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII)
_BLANK_LINE = re.compile(r"(?:\r?\n[ \t]*){2,}")
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_ADDRESS = re.compile(r"https?://.", re.IGNORECASE)


def _text(value: object) -> object:
    return value if isinstance(value, bool) or value is None else scalar(value)


def _plain(value: object) -> object:
    return plain(_TAG.sub("", _BLOCK.sub(" ", value))) if isinstance(value, str) else value


def _paragraphs(value: object) -> object:
    if not isinstance(value, str):
        return value
    blocks = (block.strip() for block in _BLANK_LINE.split(value))
    return "".join(f"<p>{escape(block, quote=False)}</p>" for block in blocks if block)


def _utc(value: object) -> object:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    day, time, zone = found.groups()
    if zone and len(zone) == len("+0000"):
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{day}T{time}{zone or 'Z'}"


def _unix(value: object, unit: int) -> object:
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        return value
    try:
        return moment(round(number * unit))
    except (OverflowError, ValueError, OSError):  # not a number, or no year that a date can have
        return value


def _number(value: object) -> object:
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    return None if number == 0 else number


def _byline(value: object) -> object:
    return None if isinstance(value, str) and holds_email(value) else value


def _address(value: object) -> object:
    return value if isinstance(value, str) and _ADDRESS.match(value) else None


CONVERSIONS: Mapping[Conversion, Callable[[object], object]] = {
    Conversion.TEXT: _text,
    Conversion.PLAIN: _plain,
    Conversion.PARAGRAPHS: _paragraphs,
    Conversion.UTC: _utc,
    Conversion.SECONDS: lambda value: _unix(value, SECOND),
    Conversion.MILLISECONDS: lambda value: _unix(value, SECOND // 1000),
    Conversion.NUMBER: _number,
    Conversion.BYLINE: _byline,
    Conversion.ADDRESS: _address,
}
