"""`wireroom withdraw`: take an article back, from every output."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from wireroom.cli._options import Moment
from wireroom.cli._outcome import DONE
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.connect import open_store
from wireroom.event import ArticleEvent
from wireroom.fields import article_key
from wireroom.publisher import Publisher
from wireroom.store import Stored

_ANY = "2000-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the article's own document tells about it."""

    revision: int | None = None
    published_at: datetime | None = None
    guid: str | None = None
    withdrawn: bool = False


@click.command()
@click.argument("publication")
@click.argument("article_id")
@click.option("--note", help="The reason, as partners shall read it.")
@click.option("--revision", type=click.IntRange(min=1), help="Of the withdrawal.  [default: the document's, plus 1]")
@click.option("--published-at", type=Moment(), help="First publication.  [default: the document's]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(
    settings: Settings,
    publication: str,
    article_id: str,
    note: str | None,
    revision: int | None,
    published_at: datetime | None,
    as_json: bool,
) -> int:
    """Take an article back, from every output.

    Its revision and date are read from its document in the store. An article without one (it is under embargo, has
    expired, or no worker wrote it yet) needs --revision and --published-at.
    """
    _check_ids(publication, article_id)
    key = f"articles/{publication}/{article_key(article_id)}.json"
    stored = open_store(settings.store.url).get(key)
    shown = shown_in(stored)
    if shown.withdrawn and revision is None:
        return _say(as_json, f"already withdrawn at revision {shown.revision}", shown.revision)
    if revision is None and shown.revision is not None:
        revision = shown.revision + 1
    published_at = published_at or shown.published_at
    if revision is None or published_at is None:
        lacking = {"--revision": revision, "--published-at": published_at}
        raise click.UsageError(_give([name for name, value in lacking.items() if value is None], key, stored))
    log = settings.log
    with Publisher(log.url, prefix=log.prefix, shards=settings.shards, security=log.security) as publisher:
        publisher.withdraw(
            publication, article_id, revision=revision, published_at=published_at, note=note, guid=shown.guid
        )
    return _say(as_json, f"withdrawn at revision {revision}", revision)


def shown_in(stored: Stored | None) -> Shown:
    """What a document says; a tombstone or a withheld one keeps no date."""
    try:
        said = json.loads(stored.body) if stored else {}
        return _shown(said, {other["role"]: other["value"] for other in said.get("altIds", ())})
    except (ValueError, KeyError, TypeError, AttributeError):
        return Shown()  # not one of ours


def _shown(said: Mapping[str, Any], roles: Mapping[str, str]) -> Shown:
    version, created = said.get("version"), said.get("contentCreated")
    return Shown(
        revision=int(version) if version else None,
        published_at=datetime.fromisoformat(created) if created else None,
        guid=roles.get("guid"),
        withdrawn=said.get("pubStatus") == "canceled" and "wireroom:expired" not in roles,
    )


def _check_ids(publication: str, article_id: str) -> None:
    """Before they name a key. Raises InvalidEvent."""
    ids = {"publication": publication, "article_id": article_id}
    ArticleEvent.parse({**ids, "kind": "WITHDRAWN", "revision": 1, "occurred_at": _ANY, "published_at": _ANY})


def _give(options: Sequence[str], key: str, stored: Stored | None) -> str:
    """What has to be given, all of it at once."""
    why = f"{key} does not tell:" if stored else f"the store has no {key}: check the ids, or"
    return f"{why} give {' and '.join(options)}"


def _say(as_json: bool, what: str, revision: int | None) -> int:
    click.echo(json.dumps({"result": what.partition(" at ")[0], "revision": revision}) if as_json else what)
    return DONE
