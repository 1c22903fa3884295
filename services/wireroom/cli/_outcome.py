"""How a command ends: the one place that turns exceptions into messages and exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from wireroom.errors import ConfigurationError, Conflict, Fenced, Red, Reject, RetryAfter, WireroomError

DONE = 0
FINDINGS = 1
UNAVAILABLE = 69  # sysexits.h: EX_UNAVAILABLE
BUG = 70  # EX_SOFTWARE
CONFIGURATION = 78  # EX_CONFIG
INTERRUPTED = 130  # as a shell says it: 128 and the signal's number
BROKEN_PIPE = 141

_CODES: Sequence[tuple[type[WireroomError], int]] = (
    (ConfigurationError, CONFIGURATION),
    (RetryAfter, UNAVAILABLE),
    (Conflict, UNAVAILABLE),
    (Fenced, UNAVAILABLE),
    (Reject, FINDINGS),
    (Red, FINDINGS),
)


def run(program: click.Command, arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. What a command returns is its exit code, None is 0."""
    try:
        code = program.main(list(arguments), prog_name="wireroom", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return reader_has_gone()
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # each is told, and none is swallowed
        return _failure(error)
    return code or DONE


def _failure(error: Exception) -> int:
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    for kind, code in _CODES:
        if isinstance(error, kind):
            click.echo(_message(error), err=True)
            return code
    if isinstance(error, OSError):
        click.echo(f"Unavailable: {error}", err=True)
        return UNAVAILABLE
    traceback.print_exception(error)
    click.echo("This is a bug in Wireroom: please report it, with the lines above.", err=True)
    return BUG


def _message(error: WireroomError) -> str:
    if isinstance(error, ConfigurationError | Reject):
        title = "The configuration cannot be used:" if isinstance(error, ConfigurationError) else f"{error.rule}:"
        return "\n".join([title, *(f"  {fault}" for fault in error.faults)])
    if isinstance(error, Red):
        return f"Error: {error.reason}\nTo mend it: {error.remedy}"
    return f"Unavailable: {error}"


def reader_has_gone() -> int:
    """As after `| head`: quiet, also when Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
