"""A newsroom's articles, made up: the same seed gives the same events.

Four languages (half English), emoji and markup characters in titles, sections by Zipf, bodies log-normal around 5.2 KB
with a tail to about 18 KB; 19 % of the events are updates, 1 % withdrawals. Each event is about another article.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from tests.bench.words import EMOJI, NAMES, SECTIONS, WORDS
from wireroom.event import Article, ArticleEvent, Author, Image, Kind, Related

LANGUAGES = ("en", "id", "ar", "zh-CN")
LANGUAGE_WEIGHTS = (50, 30, 10, 10)
KIND_WEIGHTS = {Kind.PUBLISHED: 80, Kind.UPDATED: 19, Kind.WITHDRAWN: 1}
SECTION_WEIGHTS = [1 / rank for rank in range(1, len(SECTIONS) + 1)]
MEDIAN_BODY, SPREAD = 5_200, 0.34  # bytes, and the sigma of their logarithm


class Corpus:
    """The articles of one publication."""

    def __init__(self, publication: str = "kabar-harian", seed: int = 20261124, small: bool = False) -> None:
        self.publication = publication
        self.small = small
        self.random = Random(seed)
        self.site = f"https://{publication}.example"
        self.paragraphs = {language: [self._paragraph(language) for _ in range(400)] for language in LANGUAGES}

    def events(self, count: int, now: datetime, over: timedelta = timedelta(days=20)) -> Iterator[ArticleEvent]:
        """`count` events, first publication spread evenly over the time `over` that ends at `now`."""
        for number in range(count):
            yield self._event(number, now - over * ((count - number) / count), now)

    def _event(self, number: int, published: datetime, now: datetime) -> ArticleEvent:
        kind = self.random.choices(list(KIND_WEIGHTS), list(KIND_WEIGHTS.values()))[0]
        changed = min(published + timedelta(minutes=self.random.randint(3, 90)), now)
        occurred = published if kind is Kind.PUBLISHED else changed
        address = f"{self.site}/{published:%Y/%m/%d}/{number}"
        return ArticleEvent(
            event_id=f"{self.publication}-{number}",
            kind=kind,
            publication=self.publication,
            article_id=f"a{number:07d}",
            revision=1 if kind is Kind.PUBLISHED else 2,
            occurred_at=occurred,
            url=address,
            published_at=published,
            article=None if kind is Kind.WITHDRAWN else self._article(number, address, occurred, kind is Kind.UPDATED),
        )

    def _article(self, number: int, address: str, changed: datetime, updated: bool) -> Article:
        language = self.random.choices(LANGUAGES, LANGUAGE_WEIGHTS)[0]
        title = self._title(language)
        if self.small:
            return Article(title=title, language=language, modified_at=changed, sections=self._sections())
        return Article(
            title=title,
            summary=self._words(language, 25),
            body_html=self._body(language),
            language=language,
            authors=tuple(Author(name=name) for name in self.random.sample(NAMES, self.random.randint(1, 3))),
            sections=self._sections(),
            tags=tuple(self.random.sample(WORDS[language], self.random.randint(2, 6))),
            images=(self._image(number, language),) if self.random.random() < 0.85 else (),
            related=(Related(title=self._title(language), url=f"{address}/related"),),
            updated_at=changed if updated else None,
            modified_at=changed,
        )

    def _sections(self) -> tuple[str, ...]:
        return tuple(self.random.choices(SECTIONS, SECTION_WEIGHTS))

    def _title(self, language: str) -> str:
        ornament = self.random.choice(("", "", "", " & ", " < ", f" {self.random.choice(EMOJI)} "))
        return f"{self._words(language, 5)}{ornament or ' '}{self._words(language, 4)}".capitalize()

    def _words(self, language: str, count: int) -> str:
        return ("" if language == "zh-CN" else " ").join(self.random.choices(WORDS[language], k=count))

    def _paragraph(self, language: str) -> str:
        first, second = self._words(language, 20), self._words(language, 30)
        link = f'<a href="/topic/{self.random.randint(1, 99)}">{self._words(language, 2)}</a>'
        return f"<p>{first.capitalize()}, {link} &amp; <strong>{self._words(language, 3)}</strong> {second}.</p>\n"

    def _body(self, language: str) -> str:
        wanted = min(self.random.lognormvariate(0, SPREAD) * MEDIAN_BODY, 18_000)
        parts: list[str] = []
        size = 0
        while size < wanted:
            parts.append(self.random.choice(self.paragraphs[language]))
            size += len(parts[-1].encode())
        return "".join(parts)

    def _image(self, number: int, language: str) -> Image:
        return Image(
            url=f"{self.site}/images/{number}.jpg",
            width=1600,
            height=900,
            media_type="image/jpeg",
            size_bytes=self.random.randint(90_000, 400_000),
            caption=self._words(language, 12),
            credit=self.random.choice(NAMES),
            alt=self._words(language, 8),
        )
