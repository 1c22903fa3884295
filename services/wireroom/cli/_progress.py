"""How far a long job is: a bar on a terminal, now and then a line in a pipe, nothing when it is done at once."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_SOON = 0.5  # seconds before a bar appears
_EVERY = 5.0  # seconds between two lines


class Progress:
    """Counts what is done of `total`, on the standard error; use it as a context manager."""

    def __init__(self, what: str, total: int | None) -> None:
        self.done = 0
        self._what = what
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._show_at = monotonic() + (_SOON if self._terminal else _EVERY)

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self.done)
        elif (now := monotonic()) >= self._show_at:
            self._show_at = now + _EVERY
            self._show()

    def _show(self) -> None:
        if not self._terminal:
            of = f" of {self._total:,}" if self._total else ""
            click.echo(f"{self._what}: {self.done:,}{of}", err=True)
            return
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._bar = Bar(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._what, total=self._total, completed=self.done)
        self._bar.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()
