"""`wireroom serve`: the web server alone."""

from contextlib import ExitStack

import click

from wireroom.cli._running import Running, tell, until_signal
from wireroom.cli._settings import with_settings
from wireroom.cli.up import HOST, PORT, PORTS
from wireroom.config import Settings
from wireroom.connect import installed, open_store


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where it listens.")
@click.option("--port", type=PORTS, default=PORT, show_default=True, help="0 takes any free one.")
@with_settings
def command(settings: Settings, host: str, port: int) -> None:
    """Serve the documents of the store.

    Only the public ones, and a catalogue of them at /.
    """
    with installed():
        from wireroom.serve import create_app
        from wireroom.web import WebServer
    tell()
    running = Running()
    with until_signal(running.stop), ExitStack() as stack:
        server = WebServer(create_app(open_store(settings.store.url), settings, ending=stack), host, port)
        running.start("web server", server.run)
        click.echo(f"Wireroom's documents are at {server.address}  (Ctrl-C ends it)")
        running.stop.wait()
        server.stop()
        running.finish()
