"""`wireroom worker`: one sink alone, or notifications, against the same log and store as all others."""

import logging
from collections.abc import Callable

import click

from wireroom.cli._options import WorkerName
from wireroom.cli._progress import Progress
from wireroom.cli._running import NOTIFY, Running, notifier, opened, records, tell, until_signal
from wireroom.cli._running import worker as running_worker
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.log import Log
from wireroom.store import PolledStore

log = logging.getLogger("wireroom")


@click.command()
@click.argument("name", metavar="WORKER", type=WorkerName())
@click.option("--drain", is_flag=True, help="Process what is there, then exit.")
@with_settings
def command(settings: Settings, name: str, drain: bool) -> None:
    """Run the worker of one sink, or notifications.

    That is feeds, sitemaps, articles, or any other sink that is installed; notify tells subscribers what has changed.
    Any number of the same may run: one works, the others stand by. SIGTERM and Ctrl-C finish what is in hand.
    """
    tell(logging.WARNING if drain else logging.INFO)
    running = Running()
    stopping = running.stop.is_set
    with until_signal(running.stop), opened(settings) as (events, store):
        if name == NOTIFY:
            log.info("%s: telling what %s announces", name, settings.log.url)
            telling = notifier(settings, events, store)
            running.alone(name, lambda: telling.run(stopping, drain))
        else:
            running.alone(name, lambda: _feed(name, settings, events, store, stopping, drain))
        running.finish(events.interrupt)


def _feed(
    name: str, settings: Settings, events: Log, store: PolledStore, stopping: Callable[[], bool], drain: bool
) -> None:
    with running_worker(name, settings, events, store) as worker:
        log.info("%s: working on %s", name, settings.log.url)
        if drain:
            with Progress(name, records(events)) as progress:
                worker.run(stopping, drain, progress.advance)
        else:
            worker.run(stopping)
