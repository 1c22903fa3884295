"""`wireroom demo`: everything in one process, with three invented newspapers."""

import shutil
import socket
from pathlib import Path

import click

from wireroom import demo
from wireroom.cli._running import Running, tell
from wireroom.cli.up import HOST, PORT, PORTS, run
from wireroom.config import LogSettings, Settings, StoreSettings
from wireroom.log import Log
from wireroom.publisher import Publisher


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where the web server listens.")
@click.option("--port", type=PORTS, help=f"0 takes any free one.  [default: {PORT}, or any free one if that is taken]")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/demo"),
    show_default=True,
    help="Where log and documents go; emptied first.",
)
def command(host: str, port: int | None, data: Path) -> None:
    """Start Wireroom with three invented newspapers.

    They publish six articles, one of them under an embargo that lifts a minute later, then an update, a correction and
    a withdrawal.
    """
    tell()
    shutil.rmtree(data, ignore_errors=True)
    folder = data.absolute()
    settings = Settings(
        publications=demo.PUBLICATIONS,
        feeds=demo.FEEDS,
        log=LogSettings(url=f"sqlite:///{folder}/wireroom.db"),
        store=StoreSettings(url=f"file:///{folder}/store"),
    )
    run(settings, host, _default_port(host) if port is None else port, beside=play)


def _default_port(host: str) -> int:
    """`make demo` takes no options, and 8080 is the port of many a program."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, PORT), family=family).close()
    except OSError:
        return 0
    return PORT


def play(log: Log, running: Running) -> None:
    """Publish the demonstration's events, each at its time, then wait for the embargo."""
    with Publisher(log) as publisher:
        passed = 0.0
        for step in demo.steps():
            if running.stop.wait(step.after - passed):
                return
            passed = step.after
            publisher.publish(step.event)
