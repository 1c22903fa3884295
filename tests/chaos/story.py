"""What a newsroom publishes, made up: the same seed tells the same story, but for the time of day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from wireroom.event import Article, ArticleEvent, Kind

SHARDS = {"daily": 1, "weekly": 4, "evening": 1}  # of each publication; `weekly` is in every partition: two write it
ARTICLES = 60  # of each publication: fewer than any document shows, so that nothing leaves but by a withdrawal
TURNS = {"show": 50, "withdraw": 12, "flash": 12, "embargo": 8, "late": 8, "repeat": 10}  # how often of a hundred


class Story:
    """Endless news about a few articles: revisions, withdrawals, returns, embargoes, repeats and latecomers."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._begin = datetime.now(UTC)
        self._revisions: dict[str, int] = {}
        self._told: list[ArticleEvent] = []

    def __iter__(self) -> Iterator[ArticleEvent]:
        while True:
            yield from self._turn(self._chance.choice(list(SHARDS)), self._chance.randrange(ARTICLES))

    def _turn(self, publication: str, number: int) -> Iterator[ArticleEvent]:
        """One thing happens to one article; each is told only after the one before was acknowledged."""
        match self._chance.choices(list(TURNS), list(TURNS.values()))[0]:
            case "show":
                yield self._shown(publication, number)
            case "withdraw":
                yield self._withdrawn(publication, number)
            case "flash":
                yield self._shown(publication, number)
                yield self._withdrawn(publication, number)
            case "embargo":
                yield self._shown(publication, number, embargo=self._chance.uniform(1, 4))
            case "late":
                early, later = self._shown(publication, number), self._withdrawn(publication, number)
                yield from (later, early)
            case "repeat" if self._told:
                yield self._chance.choice(self._told[-200:])

    def _shown(self, publication: str, number: int, embargo: float | None = None) -> ArticleEvent:
        ident, revision, now = self._next(publication, number)
        article = Article(
            title=f"{ident} at {revision}",
            modified_at=now,
            language="en",
            body_html=f"<p>{ident} in its {revision}. state</p>" * 20,
            embargoed_until=now + timedelta(seconds=embargo) if embargo else None,
        )
        return self._tell(
            ArticleEvent(
                kind=Kind.PUBLISHED if revision == 1 else Kind.UPDATED,
                publication=publication,
                article_id=ident,
                revision=revision,
                occurred_at=now,
                url=f"https://{publication}.example/{ident}",
                published_at=self._begin,
                article=article,
            )
        )

    def _withdrawn(self, publication: str, number: int) -> ArticleEvent:
        ident, revision, now = self._next(publication, number)
        return self._tell(
            ArticleEvent(
                kind=Kind.WITHDRAWN,
                publication=publication,
                article_id=ident,
                revision=revision,
                occurred_at=now,
                published_at=self._begin,
            )
        )

    def _next(self, publication: str, number: int) -> tuple[str, int, datetime]:
        ident = f"{publication}-{number}"
        self._revisions[ident] = self._revisions.get(ident, 0) + 1
        return ident, self._revisions[ident], datetime.now(UTC)

    def _tell(self, event: ArticleEvent) -> ArticleEvent:
        self._told.append(event)
        return event
