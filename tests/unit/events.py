"""Short ways to write events in tests."""

from datetime import datetime

from wireroom.clock import DAY, SECOND, moment
from wireroom.event import Article, ArticleEvent, Kind

NOW = 1_790_000_000 * SECOND  # an afternoon in September 2026
SITE = "https://daily.example"


def put(
    ident: str,
    revision: int = 1,
    *,
    publication: str = "daily",
    sections: tuple[str, ...] = ("news",),
    published: int | None = None,
    embargo: int | None = None,
    expires: int | None = None,
    title: str | None = None,
    event_id: str | None = None,
    occurred: int | None = None,
) -> ArticleEvent:
    """An article at a revision; times in microseconds."""
    published = NOW - DAY + ord(ident[0]) * SECOND if published is None else published
    return ArticleEvent(
        event_id=event_id or f"{publication}-{ident}-{revision}",
        kind=Kind.PUBLISHED if revision == 1 else Kind.UPDATED,
        publication=publication,
        article_id=ident,
        revision=revision,
        occurred_at=moment(published + revision * SECOND if occurred is None else occurred),
        url=f"{SITE}/{ident}",
        published_at=moment(published),
        article=Article(
            title=title or f"{ident} at {revision}",
            body_html=f"<p>{ident} {revision}</p>",
            sections=sections,
            modified_at=moment(published),
            embargoed_until=_maybe(embargo),
            expires_at=_maybe(expires),
        ),
    )


def wd(ident: str, revision: int, *, publication: str = "daily", published: int | None = None) -> ArticleEvent:
    """A withdrawal."""
    published = NOW - DAY + ord(ident[0]) * SECOND if published is None else published
    return ArticleEvent(
        event_id=f"{publication}-{ident}-{revision}-wd",
        kind=Kind.WITHDRAWN,
        publication=publication,
        article_id=ident,
        revision=revision,
        occurred_at=moment(published + revision * SECOND),
        published_at=moment(published),
        note="wrong",
    )


def _maybe(time: int | None) -> datetime | None:
    return None if time is None else moment(time)
