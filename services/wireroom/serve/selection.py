"""What a feed selects, in words."""

from collections.abc import Iterator, Mapping, Sequence

from wireroom.config import FeedSettings, Selection

_ACCESS = {
    "FREE": "free to read",
    "METERED": "metered",
    "REGISTERED": "for registered readers",
    "PAID": "for subscribers",
}
_HOURS, _DAYS = 60, 24 * 60  # in minutes


class Name(str):
    """A part of a sentence that is somebody's own word, in any language and direction."""

    __slots__ = ()


def selection(feed: FeedSettings, names: Mapping[str, str]) -> Iterator[str]:
    """Which articles: a sentence in parts, those that are names as `Name`. `names`: of the publications, by id."""
    chosen = list(_phrases(feed.include))
    yield "Articles of " if chosen else "All articles of "
    yield from _listed([names.get(ident, ident) for ident in feed.publications or (feed.publication,)], "and")
    yield from _joined(chosen, " ", ", ")
    yield from _joined(list(_phrases(feed.exclude)), ", except those ", " or those ")
    yield "."


def extent(feed: FeedSettings) -> str:
    """How many of them, and how much of each: a sentence."""
    younger = f", and all of the last {_span(feed.minutes)} up to {5 * feed.entries}" if feed.minutes else ""
    return f"The newest {feed.entries}{younger}, {_content(feed)}."


def in_words(feed: FeedSettings, names: Mapping[str, str]) -> str:
    """The sentence of `selection` as one text."""
    return "".join(selection(feed, names))


def _phrases(chosen: Selection) -> Iterator[list[str]]:
    """One for each list that is given."""
    if chosen.sections:
        yield [f"in the {'sections' if len(chosen.sections) > 1 else 'section'} ", *_listed(chosen.sections, "or")]
    if chosen.tags:
        yield ["tagged ", *_listed(chosen.tags, "or")]
    if chosen.authors:
        yield ["by ", *_listed(chosen.authors, "or")]
    if chosen.languages:
        yield ["in the language ", *_listed(chosen.languages, "or")]
    if chosen.access:
        yield ["that are ", " or ".join(_ACCESS[access] for access in chosen.access)]


def _joined(phrases: Sequence[Sequence[str]], first: str, further: str) -> Iterator[str]:
    for number, phrase in enumerate(phrases):
        yield further if number else first
        yield from phrase


def _listed(names: Sequence[str], conjunction: str) -> Iterator[str]:
    for number, name in enumerate(names):
        if number:
            yield f" {conjunction} " if number == len(names) - 1 else ", "
        yield Name(name)


def _content(feed: FeedSettings) -> str:
    if feed.content == "summary":
        return "each with its summary"
    may_be_paid = "PAID" not in feed.exclude.access and (not feed.include.access or "PAID" in feed.include.access)
    if feed.paid == "summary" and may_be_paid:
        return "each with its full text; those for subscribers with their summary"
    return "each with its full text"


def _span(minutes: int) -> str:
    for size, name in ((_DAYS, "days"), (_HOURS, "hours")):
        if minutes % size == 0 and minutes > size:
            return f"{minutes // size} {name}"
    return "hour" if minutes == _HOURS else f"{minutes} minutes"
