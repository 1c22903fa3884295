"""A small sink: editions by section, each with two documents, `ids` (which articles) and `json` (at which revision)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireroom.config import Publication
from wireroom.document import Document
from wireroom.edition import Edition, Entry, Window
from wireroom.errors import Reject
from wireroom.event import ArticleEvent
from wireroom.sink import Content, Direct


@dataclass(frozen=True, slots=True)
class Section:
    """One edition: the articles of a section."""

    publication: str
    name: str
    window: Window = Window(entries=3, reserve=1)
    version: int = 0  # another one selects other articles: those of `{name}{version}` too

    @property
    def sources(self) -> frozenset[str]:
        return frozenset({self.publication})

    @property
    def digest(self) -> str:
        return f"{self.name}{self.version}"

    def selects(self, event: ArticleEvent) -> bool:
        wanted = {self.name, f"{self.name}{self.version}"}
        return event.article is not None and bool(wanted & set(event.article.sections))

    def keeps(self, content: Content) -> Content:
        return content

    def leaves(self, event: ArticleEvent) -> int | None:
        return event.expires

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        at = {entry.id: entry.order.revision for entry in shown}
        return [self._document("json", at), self._document("ids", sorted(at))]

    def _document(self, name: str, shown: object) -> Document:
        key = f"toy/{self.publication}/{self.name}.{name}"
        head = b'{"shown":%b,"_wireroom":{"generation":' % json.dumps(shown).encode()
        return Document(key, "application/json", head, b"}}")

    def lift(self, entry: Entry) -> Direct | None:
        return None

    def page(self, day: str, before: str | None, after: str | None) -> "Day":
        return Day(self.publication, f"{self.name}/{day}", Window(forget=None), self.version, before, after)

    def rendering(self, publications: Mapping[str, Publication]) -> str:
        return self.digest


@dataclass(frozen=True, slots=True)
class Day(Section):
    """A page of the archive of a section."""

    before: str | None = None
    after: str | None = None

    @property
    def digest(self) -> str:
        return f"{self.name.partition('/')[0]}{self.version}"

    def render(
        self, edition: Edition, shown: Sequence[Entry], publications: Mapping[str, Publication]
    ) -> Sequence[Document]:
        at = {entry.id: entry.order.revision for entry in shown}
        return [self._document("json", at), self._document("ids", [*sorted(at), self.before, self.after])]


@dataclass(slots=True)
class ToySink:
    """Built with the sections that a publication has."""

    sections: tuple[Section, ...]
    name: str = "toy"

    def definitions(self, publication: str) -> Sequence[Section]:
        return [section for section in self.sections if section.publication == publication]

    def content(self, event: ArticleEvent) -> Content:
        assert event.article is not None
        if event.article.title == "bad":
            raise Reject("bad-title")
        return {"title": event.article.title}

    def direct(self, event: ArticleEvent) -> Direct | None:
        return None
