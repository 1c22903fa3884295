"""`wireroom publish`: events from files to the log."""

import json
import pickle
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple, Self

import click

from wireroom.batches import batches
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._outlet import Outlet, nowhere, to_log, to_service
from wireroom.cli._progress import Progress
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.config_environment import KEY
from wireroom.errors import Fault, Refused, Reject
from wireroom.event_json import Value, event, read
from wireroom.log import ARTICLES, BACKFILL, Message

STDIN = "-"
SUFFIXES = frozenset({".json", ".ndjson", ".jsonl"})
IN_MEMORY = 32_000_000  # bytes of checked events; more go to a temporary file


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="FILE…|DIR|-", type=click.Path(exists=True, allow_dash=True)
)
@click.option("--backfill", is_flag=True, help="An archive: never delays live news.")
@click.option("--dry-run", is_flag=True, help="Only check.")
@click.option("--keep-going", is_flag=True, help="Publish each good event as it is read, whatever stands beside it.")
@click.option("--to", metavar="URL", help="Where a Wireroom takes events.  [default: the configuration's log]")
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar=f"{KEY}_FILE",
    help=f"What holds the key for --to.  [default: ${KEY}_FILE, else the key itself in ${KEY}]",
)
@click.option("--allow-http", is_flag=True, help="Send the key in the clear, to other machines too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(  # noqa: PLR0913  # one for each option
    settings: Settings,
    sources: Sequence[str],
    backfill: bool,
    dry_run: bool,
    keep_going: bool,
    to: str | None,
    key_file: Path | None,
    allow_http: bool,
    as_json: bool,
) -> int:
    """Publish article events from files.

    A file holds a JSON object, several, a JSON array, or one object a line (NDJSON). Of a folder, all .json, .ndjson
    and .jsonl files in it; - is the standard input. A file is checked as a whole first, and nothing of it is published
    when it has faults, all of which are told; other files are. Exit code 1 then. Publishing the same file again does
    no harm. What a service refuses (--to) is told in the same way; the rest of its file is published.
    """
    names = list(files(sources))
    topic = BACKFILL if backfill else ARTICLES
    if dry_run:
        opened: AbstractContextManager[Outlet] = nullcontext(nowhere(settings))
    else:
        opened = to_service(to, key_file, allow_http, topic) if to else to_log(settings, topic)
    with opened as outlet:
        publishing = Publishing(outlet, keep_going, as_json)
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


class Checked(NamedTuple):
    """A good event, and the line where it begins."""

    line: int
    message: Message


@dataclass
class Publishing:
    """What a run has done so far."""

    outlet: Outlet
    keep_going: bool
    as_json: bool
    count: int = 0
    faults: list[dict[str, object]] = field(default_factory=list)

    def file(self, name: str) -> None:
        """Check a file and publish it. Raises RetryAfter, after what `count` says was published."""
        before = len(self.faults)
        with Held() as held:
            for events in self._checked(name):
                if self.keep_going:
                    self._publish(name, events)
                else:
                    held.add(events)
            if len(self.faults) == before:
                self._publish_held(name, held)
            elif not self.keep_going:
                click.echo(f"{name}: nothing of it was published", err=True)

    def _checked(self, name: str) -> Iterator[list[Checked]]:
        size = None if name == STDIN else Path(name).stat().st_size
        with click.open_file(name, "rb") as stream, Progress(f"checking {name}", size) as progress:
            for block in read(Metered(stream, progress)):
                yield [good for value in block for good in self._good(name, value)]

    def _good(self, name: str, value: Value) -> Iterator[Checked]:
        try:
            yield Checked(value.line, self.outlet.encode(event(value)))
        except Reject as reason:
            self._tell_faults(name, value.line, reason.faults)

    def _tell_faults(self, name: str, line: int, faults: Sequence[Fault]) -> None:
        for fault in faults:
            self.faults.append({"file": name, "line": line, **asdict(fault)})
            if not self.as_json:
                click.echo(f"{name}:{line}: {fault}", err=True)

    def _publish_held(self, name: str, held: "Held") -> None:
        with Progress(f"publishing {name}", held.count) as progress:
            for events in held:
                self._publish(name, events)
                progress.advance(len(events))

    def _publish(self, name: str, events: Sequence[Checked]) -> None:
        at = 0
        for batch in batches((each.message for each in events), self.outlet.batch_bytes):
            try:
                self.outlet.append(batch)
                self.count += len(batch)
            except Refused as refused:
                self.count += len(batch) - len(refused.refusals)
                for each in refused.refusals:
                    self._tell_faults(name, events[at + each.index].line, each.faults)
            at += len(batch)

    def tell(self, done: str) -> None:
        """What was done, in a line or as JSON."""
        events = "1 event" if self.count == 1 else f"{self.count} events"
        faults = f"; faults: {len(self.faults)}" if self.faults else ""
        click.echo(
            json.dumps({done: self.count, "faults": self.faults}) if self.as_json else f"{done} {events}{faults}"
        )


class Held:
    """Events that wait until the whole of their file is checked: in memory, or in a temporary file of our own."""

    def __init__(self) -> None:
        self.count = 0
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by __exit__

    def add(self, events: list[Checked]) -> None:
        """Keep some more."""
        self.count += len(events)
        pickle.dump(events, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[list[Checked]]:
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
