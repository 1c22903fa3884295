"""`wireroom render`: what one article becomes, without a log and without a store."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, cast

import click

from wireroom.cli._options import Moment
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._settings import with_settings
from wireroom.clock import SystemClock, micros, moment
from wireroom.config import Publication, Settings
from wireroom.connect import installed
from wireroom.document import Document
from wireroom.edition import Edition, Entry, fold, shown, stamp
from wireroom.errors import Red, Reject
from wireroom.event import ArticleEvent
from wireroom.event_json import Readable, read
from wireroom.event_json import event as event_of
from wireroom.sink import Definition, Sink, load_sink
from wireroom.store.memory import MemoryStore
from wireroom.worker.intake import Arrival
from wireroom.worker.publications import Publications

FORMS = {"rss": "feeds", "atom": "feeds", "json": "feeds", "sitemap": "sitemaps", "ninjs": "articles"}
SOURCE = "render/0"


class Rendered(NamedTuple):
    """A document as it would be published first, and what is to be said about it."""

    body: bytes
    findings: Sequence[str] = ()


@click.command()
@click.argument("file", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--as", "form", type=click.Choice(list(FORMS)), required=True, help="What to make of it.")
@click.option("--at", type=Moment(), help="As of this time.  [default: now]")
@with_settings
def command(settings: Settings, file: str, form: str, at: datetime | None) -> int:
    """Show what one article becomes.

    The document goes to the standard output, findings to the standard error. Of several feeds, the first one that
    shows the article in this format. Exit code 1 when there are findings.
    """
    now = micros(at) if at else SystemClock().now()
    result = rendered(event_in(file), form, settings, now)
    sys.stdout.buffer.write(result.body)
    for finding in result.findings:
        click.echo(finding, err=True)
    return FINDINGS if result.findings else DONE


def event_in(file: str) -> ArticleEvent:
    """The one event of a file. Raises InvalidEvent."""
    with click.open_file(file, "rb") as stream:
        values = [value for block in read(cast(Readable, stream)) for value in block]
    if len(values) != 1:
        raise click.UsageError(f"{file} holds {len(values)} values: one event is expected")
    return event_of(values[0])


def rendered(event: ArticleEvent, form: str, settings: Settings, now: int) -> Rendered:
    """The document of an article as of `now`, in microseconds since the epoch."""
    publications = Publications(settings, MemoryStore())
    with installed():
        sink = load_sink(FORMS[form], settings)
    try:
        publications.admit(event)
        if form == "ninjs":
            return _direct(sink, event, now, publications)
        return _edition(sink, event, form, now, publications)
    except Reject as reason:
        return Rendered(b"", [f"{reason.rule}: {fault}" for fault in reason.faults] or [reason.rule])
    except Red as red:
        return Rendered(b"", [red.reason])


def _direct(sink: Sink, event: ArticleEvent, now: int, publications: Mapping[str, Publication]) -> Rendered:
    if event.article is not None:
        sink.content(event)
    direct = sink.direct(event)
    document = direct.merge(None, now, publications) if direct else None
    if document is None:
        return Rendered(b"", [f"not shown: not before {moment(event.visible_from).isoformat()}, or excluded"])
    return Rendered(document.body(1))


def _edition(sink: Sink, event: ArticleEvent, form: str, now: int, publications: Mapping[str, Publication]) -> Rendered:
    if event.article is None:
        return Rendered(b"", ["not shown: a withdrawal takes the article out (its own document: --as ninjs)"])
    arrival = Arrival(SOURCE, 0, event, sink.content)
    arrival.clean()
    made = [
        made
        for definition in sink.definitions(event.publication)
        for made in _made(definition, arrival, form, now, publications)
    ]
    if not made:
        return Rendered(b"", [f"not shown: no feed of {event.publication} has the format {form}"])
    return next((each for each in made if not each.findings), made[0])


def _made(
    definition: Definition, arrival: Arrival, form: str, now: int, publications: Mapping[str, Publication]
) -> Iterator[Rendered]:
    """The edition with this article alone, which no floor keeps out: it shows what the article looks like."""
    window = replace(definition.window, forget=None)
    change = arrival.change(definition)
    edition = fold(Edition(definition.digest, "render"), window, [change], {SOURCE: 1}, now)
    documents = definition.render(edition, shown(edition, window), publications)
    generation = stamp(edition, documents).generation
    fitting = [document for document in documents if _fits(document, form)]  # of sitemaps, the first child leads
    for document in fitting[:1]:
        findings = [] if document.articles else [_why_not(definition, change.entry, now)]
        yield Rendered(document.body(generation), findings)


def _fits(document: Document, form: str) -> bool:
    return form == "sitemap" or document.key.endswith(f".{form}")


def _why_not(definition: Definition, entry: Entry | None, now: int) -> str:
    if entry is None:
        return f"not shown: {definition.name} does not select it"
    if entry.visible_from > now:
        return f"not shown: not before {moment(entry.visible_from).isoformat()}"
    assert entry.leaves is not None
    return f"not shown: since {moment(entry.leaves).isoformat()} it is too old, or has expired"
