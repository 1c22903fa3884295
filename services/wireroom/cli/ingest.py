"""`wireroom ingest`: events over HTTP, and nothing else."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from wireroom.cli._running import Running, tell, until_signal
from wireroom.cli._settings import with_settings
from wireroom.cli.up import HOST, PORT, PORTS, at_address, metrics_option
from wireroom.config import Settings
from wireroom.connect import installed, open_log, open_store

if TYPE_CHECKING:
    from wireroom.asgi import Receive, Scope, Send


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where it listens.")
@click.option("--port", type=PORTS, default=PORT, show_default=True, help="0 takes any free one.")
@metrics_option
@with_settings
def command(settings: Settings, host: str, port: int, metrics_port: int | None) -> None:
    """Take events over HTTP.

    What is answered with 202 is durable in the log. Senders need a key: see `wireroom keys`. SIGTERM and Ctrl-C finish
    what is in hand.
    """
    with installed():
        from wireroom.ingest.app import Ingest
        from wireroom.web import WebServer

    async def application(scope: "Scope", receive: "Receive", send: "Send") -> None:
        await ingest(scope, receive, send)  # its problems name the address, which is known once it is bound

    tell()
    running = Running()
    with (
        until_signal(running.stop),
        closing(open_log(settings.log.url, settings.log.prefix, security=settings.log.security)) as events,
    ):
        bound = WebServer(application, host, port)
        ingest = Ingest(events, open_store(settings.store.url), at_address(settings, bound.address))
        servers = {"web server": bound}
        if metrics_port is not None:
            servers["metrics"] = WebServer(ingest.counts.page, host, metrics_port)
        with closing(ingest):
            for name, server in servers.items():
                running.start(name, server.run)
            click.echo(f"Push events to {bound.address}v1/events  (Ctrl-C ends it)")
            if metrics_port is not None:
                click.echo(f"Metrics are at {servers['metrics'].address}metrics")
            running.stop.wait()
            for server in servers.values():
                server.stop()
            running.finish(events.interrupt)
