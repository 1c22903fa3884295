"""`wireroom doctor`: everything live, each line with how to mend it."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from wireroom.check import AWAY, FAILURES, MISCONFIGURED, WELL, WRONG, Check, failed
from wireroom.cli._checks import dependencies, of_role
from wireroom.cli._outcome import CONFIGURATION, DONE, FINDINGS, UNAVAILABLE
from wireroom.cli._roles import NAMES, role_named
from wireroom.cli._settings import config_option
from wireroom.config import chosen, load
from wireroom.sink import installed_sinks

_CODES = {MISCONFIGURED: CONFIGURATION, AWAY: UNAVAILABLE, WRONG: FINDINGS, WELL: DONE}  # the first that occurs counts
_COLORS = {WELL: "green", AWAY: "yellow"}
_CONFIGURATION = "mend the file or the environment: `wireroom check --settings` lists all that can be set"


@click.command()
@config_option
@click.option("--as", "name", type=click.Choice([*installed_sinks(), *NAMES]), help="Only what this role may do.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(config: Path | None, name: str | None, as_json: bool) -> int:
    """Look at everything that Wireroom needs.

    The configuration, the log, the store, permissions, clocks, workers and schemas. Run it where a worker runs, as the
    same user; it writes to the store, under _probe/, and removes that again. Exit code 1 when a person must act, 69
    when log or store is away, 78 when the configuration has faults.

    With --as it looks at permissions alone, and writes nothing: whether the credentials that it runs with let this role
    do what it must, and what they let it do beyond. A topic or a key that a role has no business with is told, too.
    """
    found = []
    for each in checks(config, name):
        found.append(each)
        if not as_json:
            click.echo(line(each))
    if as_json:
        click.echo(json.dumps([each._asdict() for each in found]))
    return exit_code(found)


def checks(config: Path | None, name: str | None = None) -> Iterator[Check]:
    """All of them, as they are made."""
    try:
        file = chosen(config, os.environ)
        settings = load(config, os.environ)
    except FAILURES as error:
        yield failed("configuration", error, _CONFIGURATION)
        return
    yield Check("configuration", WELL, f"{file or 'no file'}: no faults")
    yield from of_role(settings, role_named(name, settings)) if name else dependencies(settings)


def exit_code(found: Iterable[Check]) -> int:
    """What all of them come to."""
    states = {each.state for each in found}
    return next(code for state, code in _CODES.items() if state in states)


def line(check: Check) -> str:
    """What a person reads."""
    state = click.style(f"{check.state:13}", fg=_COLORS.get(check.state, "red"))
    mend = f"\n{'':13} to mend it: {check.remedy}" if check.remedy else ""
    return f"{state} {check.what:34} {check.told}{mend}"
