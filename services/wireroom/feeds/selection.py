"""Which articles a feed takes."""

from collections.abc import Iterable, Iterator, Mapping
from unicodedata import normalize

from wireroom.config import Selection
from wireroom.event import Article
from wireroom.text import plain

Choices = Mapping[str, frozenset[str]]


def takes(wanted: Choices, unwanted: Choices, article: Article, language: str) -> bool:
    """Whether every list that is wanted shares a value with the article, and no list that is unwanted does.

    `language` is spoken by an article that names none; `en` takes en-GB too (RFC 4647, 3.3.1).
    """
    if not wanted and not unwanted:
        return True
    traits = {name: _traits(article, language, name) for name in {*wanted, *unwanted}}
    return all(traits[name] & choice for name, choice in wanted.items()) and not any(
        traits[name] & choice for name, choice in unwanted.items()
    )


def choices(selection: Selection) -> Choices:
    """The lists that are given, comparable."""
    return {name: _comparable(values) for name, values in selection if values}


def _comparable(values: Iterable[str]) -> frozenset[str]:
    return frozenset(normalize("NFC", plain(value)).casefold() for value in values)


def _traits(article: Article, language: str, name: str) -> frozenset[str]:
    if name == "authors":
        return _comparable(author.name for author in article.authors)
    if name == "languages":
        return _comparable(_ranges(article.language or language))
    if name == "access":
        return _comparable([article.access])
    return _comparable(article.sections if name == "sections" else article.tags)


def _ranges(language: str) -> Iterator[str]:
    subtags = language.split("-")
    for count in range(1, len(subtags) + 1):
        yield "-".join(subtags[:count])
