"""`wireroom hub`: the endpoint of our own WebSub hub, and nothing else."""

from contextlib import closing

import click

from wireroom.cli._running import Running, subscribing, tell, until_signal
from wireroom.cli._settings import with_settings
from wireroom.cli.up import HOST, PORT, PORTS
from wireroom.config import Settings
from wireroom.connect import installed, open_store


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where it listens.")
@click.option("--port", type=PORTS, default=PORT, show_default=True, help="0 takes any free one.")
@with_settings
def command(settings: Settings, host: str, port: int) -> None:
    """Take subscriptions to feeds, as WebSub has it.

    At /hub of `public_url`, where a proxy must bring them here. `wireroom worker notify` delivers.
    """
    tell()
    running = Running()
    with until_signal(running.stop), closing(subscribing(settings, open_store(settings.store.url))) as hub:
        with installed():
            from wireroom.web import WebServer
        server = WebServer(hub, host, port)
        running.start("web server", server.run)
        click.echo(f"The hub is at {server.address}hub  (Ctrl-C ends it)")
        running.stop.wait()
        server.stop()
        running.finish()
