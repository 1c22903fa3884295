"""What a feed selects, in words."""

from typing import Any

import pytest

from wireroom.config import FeedSettings, Selection
from wireroom.serve.selection import Name, extent, in_words, selection

NAMES = {"tide": "The Tide", "flo": "Flo", "mina": "الميناء"}


def feed(**settings: Any) -> FeedSettings:  # noqa: ANN401 -- whatever a feed has
    return FeedSettings(id="latest", publication="tide", **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "All articles of The Tide."),
        ({"publications": ("tide", "flo")}, "All articles of The Tide and Flo."),
        ({"publications": ("tide", "flo", "mina", "new")}, "All articles of The Tide, Flo, الميناء and new."),
        ({"include": Selection(sections=("Local",))}, "Articles of The Tide in the section Local."),
        (
            {"include": Selection(sections=("Local", "Sport"), tags=("ferry",))},
            "Articles of The Tide in the sections Local or Sport, tagged ferry.",
        ),
        (
            {"include": Selection(authors=("Kari Lund",), languages=("en", "no"), access=("FREE", "METERED"))},
            "Articles of The Tide by Kari Lund, in the language en or no, that are free to read or metered.",
        ),
        (
            {"exclude": Selection(sections=("Sport",), tags=("a", "b", "c"))},
            "All articles of The Tide, except those in the section Sport or those tagged a, b or c.",
        ),
    ],
)
def test_a_selection_is_a_sentence(settings: dict[str, Any], words: str) -> None:
    assert in_words(feed(**settings), NAMES) == words


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "The newest 50, each with its full text; those for subscribers with their summary."),
        ({"paid": "full"}, "The newest 50, each with its full text."),
        ({"exclude": Selection(access=("PAID",))}, "The newest 50, each with its full text."),
        ({"include": Selection(access=("FREE",)), "entries": 7}, "The newest 7, each with its full text."),
        ({"content": "summary"}, "The newest 50, each with its summary."),
        (
            {"minutes": 60, "content": "summary"},
            "The newest 50, and all of the last hour up to 250, each with its summary.",
        ),
        (
            {"minutes": 90, "paid": "full"},
            "The newest 50, and all of the last 90 minutes up to 250, each with its full text.",
        ),
        (
            {"minutes": 1440, "paid": "full"},
            "The newest 50, and all of the last 24 hours up to 250, each with its full text.",
        ),
        (
            {"minutes": 4320, "paid": "full"},
            "The newest 50, and all of the last 3 days up to 250, each with its full text.",
        ),
    ],
)
def test_so_is_how_much_there_is(settings: dict[str, Any], words: str) -> None:
    assert extent(feed(**settings)) == words


def test_what_others_have_named_is_told_apart_from_our_words() -> None:
    include = Selection(sections=("in the section",))
    named = [part for part in selection(feed(include=include), NAMES) if isinstance(part, Name)]
    assert named == ["The Tide", "in the section"]
