"""`wireroom up`: log, workers and web server in one process."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from wireroom.cli._lines import Lines
from wireroom.cli._progress import Progress
from wireroom.cli._running import NOTIFY, Running, notifier, opened, records, subscribing, tell, until_signal, worker
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.connect import installed
from wireroom.log import Log
from wireroom.sink import installed_sinks
from wireroom.store import PolledStore

if TYPE_CHECKING:
    from wireroom.asgi import Receive, Scope, Send
    from wireroom.web import Message

PUSHED, HUB = ("/v1/", "/problems/"), "/hub"
HOST, PORT, PORTS = "127.0.0.1", 8080, click.IntRange(0, 65535)
metrics_option = click.option(
    "--metrics-port", type=PORTS, help="Where Prometheus may read what the ingest counts, at /metrics."
)


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where the web server listens.")
@click.option("--port", type=PORTS, default=PORT, show_default=True, help="0 takes any free one.")
@metrics_option
@click.option("--drain", is_flag=True, help="Process what is there, then exit; no web server.")
@with_settings
def command(settings: Settings, host: str, port: int, metrics_port: int | None, drain: bool) -> None:
    """Run everything in one process.

    That is every installed sink's worker, a web server, and notifications where `notify` says whom to tell. Others may
    publish to the same log meanwhile. SIGTERM and Ctrl-C finish what is in hand.
    """
    tell()
    if drain:
        run_drained(settings)
    else:
        run(settings, host, port, metrics_port=metrics_port)


def run_drained(settings: Settings) -> None:
    """Every sink's worker, one after the other, until nothing is left."""
    running = Running()
    with until_signal(running.stop), opened(settings) as (events, store):
        running.alone("drain", lambda: _drain(running, settings, events, store))
        running.finish(events.interrupt)


def _drain(running: Running, settings: Settings, events: Log, store: PolledStore) -> None:
    for name in installed_sinks():
        with worker(name, settings, events, store) as drained, Progress(name, records(events)) as progress:
            drained.run(running.stop.is_set, drain=True, progress=progress.advance)
    if settings.notify.anyone:
        notifier(settings, events, store).run(running.stop.is_set, drain=True)


def run(
    settings: Settings,
    host: str,
    port: int,
    beside: Callable[[Log, Running], None] | None = None,
    metrics_port: int | None = None,
) -> None:
    """Workers, web server and live lines, until a signal; `beside` runs in a thread of its own with the log."""
    with installed():
        from wireroom.ingest.app import Ingest
        from wireroom.serve import create_app
        from wireroom.web import WebServer

    class Application:
        """All name the address, which is known once it is bound."""

        async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
            if hub and scope["path"] == HUB:
                await hub(scope, receive, send)
            else:
                await (taken if scope["path"].startswith(PUSHED) else served)(scope, receive, send)

        def at_once(self, target: bytes, asked: Mapping[bytes, bytes]) -> "Message | None":
            return served.at_once(target, asked)

    running = Running()
    with until_signal(running.stop), opened(settings) as (events, store), ExitStack() as stack:
        server = WebServer(Application(), host, port)
        settings = at_address(settings, server.address)
        served = create_app(store, settings, ending=stack)
        taken = stack.enter_context(closing(Ingest(events, store, settings)))
        hub = stack.enter_context(closing(subscribing(settings, store))) if settings.notify.hub else None
        _start_workers(running, stack, settings, events, store)
        servers = {"web server": server}
        if metrics_port is not None:
            servers["metrics"] = WebServer(taken.counts.page, host, metrics_port)
        for name, each in servers.items():
            running.start(name, each.run)
        if beside:
            running.start("demo", lambda: beside(events, running))
        _say(settings, {name: each.address for name, each in servers.items()})
        Lines(events).show(running)
        for each in servers.values():
            each.stop()
        running.finish(events.interrupt)


def _start_workers(running: Running, stack: ExitStack, settings: Settings, events: Log, store: PolledStore) -> None:
    for name in installed_sinks():
        one = stack.enter_context(worker(name, settings, events, store))
        running.start(name, lambda one=one: one.run(running.stop.is_set))  # type: ignore[misc]
    if settings.notify.anyone:
        telling = notifier(settings, events, store)
        running.start(NOTIFY, lambda: telling.run(running.stop.is_set))


def _say(settings: Settings, addresses: Mapping[str, str]) -> None:
    """Where everything is."""
    address = addresses["web server"]
    click.echo(f"Wireroom is at {address}  (Ctrl-C ends it)")
    for feed in settings.feeds:
        click.echo(f"  {address}{feed.stem}.{feed.formats[0]}")
    click.echo(f"Push events to {address}v1/events with a key: wireroom keys create --publication ID")
    if "metrics" in addresses:
        click.echo(f"Metrics are at {addresses['metrics']}metrics")


def at_address(settings: Settings, address: str) -> Settings:
    """Documents are read where this server listens, unless the settings say otherwise."""
    if "public_url" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"public_url": address})
