"""`wireroom check`: every fault of the configuration at once."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from wireroom.cli._outcome import CONFIGURATION, DONE
from wireroom.cli._settings import config_option
from wireroom.config import Settings, chosen, load
from wireroom.config_environment import described, shown_default, variables
from wireroom.errors import ConfigurationError


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--settings", "list_settings", is_flag=True, help="List all that can be set, instead.")
def command(config: Path | None, as_json: bool, list_settings: bool) -> int:
    """Check the configuration: the file and the environment. Exit code 78 when there are faults."""
    if list_settings:
        click.echo("\n".join(table()))
        return DONE
    file = chosen(config, os.environ)
    try:
        settings = load(config, os.environ)
    except ConfigurationError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"file": file and str(file), "faults": [asdict(fault) for fault in error.faults]}))
        return CONFIGURATION
    click.echo(json.dumps({"file": file and str(file), "faults": []}) if as_json else summary(file, settings))
    return DONE


def summary(file: Path | None, settings: Settings) -> str:
    """What is in force."""
    publications, feeds = len(settings.publications), len(settings.feeds)
    taken = "each publication that turns up" if settings.discover else f"publications: {publications}, feeds: {feeds}"
    return f"{file or 'no file'}: no faults; {taken}\nlog: {settings.log.url}\nstore: {settings.store.url}"


def table() -> Iterator[str]:
    """All settings as a table in Markdown."""
    yield "| setting | environment variable | default | meaning |"
    yield "| --- | --- | --- | --- |"
    names = {variable.path: f"`{variable.name}`" for variable in variables(Settings)}
    for path, field in described(Settings):
        yield f"| `{path}` | {names.get(path, '')} | `{shown_default(field)}` | {field.description} |"
