"""`wireroom publish`: events from files to the log."""

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Self

import click

from wireroom.cli._events import Value, event, read
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._progress import Progress
from wireroom.cli._settings import with_settings
from wireroom.codec import encode
from wireroom.config import Settings
from wireroom.connect import open_log
from wireroom.errors import Fault, Reject
from wireroom.log import ARTICLES, BACKFILL, Message
from wireroom.publisher import batches

STDIN = "-"
SUFFIXES = frozenset({".json", ".ndjson", ".jsonl"})
IN_MEMORY = 32_000_000  # bytes of checked events; more go to a temporary file

Send = Callable[[Sequence[Message]], int]


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="FILE…|DIR|-", type=click.Path(exists=True, allow_dash=True)
)
@click.option("--backfill", is_flag=True, help="An archive: never delays live news.")
@click.option("--dry-run", is_flag=True, help="Only check.")
@click.option("--keep-going", is_flag=True, help="Publish each good event as it is read, whatever stands beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(
    settings: Settings, sources: Sequence[str], backfill: bool, dry_run: bool, keep_going: bool, as_json: bool
) -> int:
    """Publish article events from files.

    A file holds a JSON object, several, a JSON array, or one object a line (NDJSON). Of a folder, all .json, .ndjson
    and .jsonl files in it; - is the standard input. A file is checked as a whole first, and nothing of it is published
    when it has faults, all of which are told; other files are. Exit code 1 then. Publishing the same file again does
    no harm.
    """
    names = list(files(sources))
    with nullcontext(len) if dry_run else _sending(settings, BACKFILL if backfill else ARTICLES) as send:
        publishing = Publishing(send, settings.shards, keep_going, as_json)
        try:
            for name in names:
                publishing.file(name)
        finally:
            publishing.tell("checked" if dry_run else "published")
    return FINDINGS if publishing.faults else DONE


def files(sources: Iterable[str]) -> Iterator[str]:
    """The files that are meant, those of folders in the order of their names."""
    for source in sources:
        if Path(source).is_dir():
            found = sorted(path for path in Path(source).rglob("*") if path.suffix in SUFFIXES and path.is_file())
            if not found:
                raise click.UsageError(f"{source} holds no {', '.join(sorted(SUFFIXES))} file")
            yield from map(str, found)
        else:
            yield source


@contextmanager
def _sending(settings: Settings, topic: str) -> Iterator[Send]:
    with closing(open_log(settings.log.url, settings.log.prefix, security=settings.log.security)) as log:
        yield lambda messages: len(log.append(topic, messages))


@dataclass
class Publishing:
    """What a run has done so far."""

    send: Send
    shards: Mapping[str, int]
    keep_going: bool
    as_json: bool
    count: int = 0
    faults: list[dict[str, object]] = field(default_factory=list)

    def file(self, name: str) -> None:
        """Check a file and publish it. Raises RetryAfter, after what `count` says was published."""
        before = len(self.faults)
        with Held() as held:
            for messages in self._checked(name):
                if self.keep_going:
                    self._publish(messages)
                else:
                    held.add(messages)
            if len(self.faults) == before:
                self._publish_held(name, held)
            elif not self.keep_going:
                click.echo(f"{name}: nothing of it was published", err=True)

    def _checked(self, name: str) -> Iterator[list[Message]]:
        size = None if name == STDIN else Path(name).stat().st_size
        with click.open_file(name, "rb") as stream, Progress(f"checking {name}", size) as progress:
            for block in read(Metered(stream, progress)):
                yield [message for value in block for message in self._message(name, value)]

    def _message(self, name: str, value: Value) -> Iterator[Message]:
        try:
            article = event(value)
            yield encode(article, self.shards.get(article.publication, 1))
        except Reject as reason:
            self._tell_faults(name, value.line, reason.faults)

    def _tell_faults(self, name: str, line: int, faults: Sequence[Fault]) -> None:
        for fault in faults:
            self.faults.append({"file": name, "line": line, **asdict(fault)})
            if not self.as_json:
                click.echo(f"{name}:{line}: {fault}", err=True)

    def _publish_held(self, name: str, held: "Held") -> None:
        with Progress(f"publishing {name}", held.count) as progress:
            for messages in held:
                self._publish(messages)
                progress.advance(len(messages))

    def _publish(self, messages: Sequence[Message]) -> None:
        for batch in batches(messages):
            self.count += self.send(batch)

    def tell(self, done: str) -> None:
        """What was done, in a line or as JSON."""
        events = "1 event" if self.count == 1 else f"{self.count} events"
        faults = f"; faults: {len(self.faults)}" if self.faults else ""
        click.echo(
            json.dumps({done: self.count, "faults": self.faults}) if self.as_json else f"{done} {events}{faults}"
        )


class Held:
    """Messages that wait until the whole of their file is checked: in memory, or in a temporary file of our own."""

    def __init__(self) -> None:
        self.count = 0
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by __exit__

    def add(self, messages: list[Message]) -> None:
        """Keep some more."""
        self.count += len(messages)
        pickle.dump(messages, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[list[Message]]:
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield pickle.load(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass
class Metered:
    """A stream whose reader is seen to advance."""

    stream: IO[bytes]
    progress: Progress

    def read1(self, size: int, /) -> bytes:
        """See `Readable`."""
        data: bytes = self.stream.read1(size)  # type: ignore[attr-defined]  # as every buffered binary stream does
        self.progress.advance(len(data))
        return data
