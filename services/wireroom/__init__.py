"""Wireroom's client: what a publishing system imports.

Nothing is loaded before it is asked for, so that a command that needs no event starts without pydantic.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireroom.errors import (
        ConfigurationError,
        Fault,
        InvalidEvent,
        Red,
        Refusal,
        Refused,
        Reject,
        RetryAfter,
        WireroomError,
    )
    from wireroom.event import Access, Article, ArticleEvent, Author, Image, Kind, Related, Rights, Source
    from wireroom.publisher import Publisher

__version__ = "0.1.0"

__all__ = [
    "Access",
    "Article",
    "ArticleEvent",
    "Author",
    "ConfigurationError",
    "Fault",
    "Image",
    "InvalidEvent",
    "Kind",
    "Publisher",
    "Red",
    "Refusal",
    "Refused",
    "Reject",
    "Related",
    "RetryAfter",
    "Rights",
    "Source",
    "WireroomError",
]

_ERRORS = {
    "ConfigurationError",
    "Fault",
    "InvalidEvent",
    "Red",
    "Refusal",
    "Refused",
    "Reject",
    "RetryAfter",
    "WireroomError",
}


if not TYPE_CHECKING:  # a type checker would take any name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = "publisher" if name == "Publisher" else "errors" if name in _ERRORS else "event"
        return getattr(import_module(f"{__name__}.{module}"), name)
