"""`wireroom`: every module beside this one is a command of its name, imported when it is asked for."""

import signal
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click

from wireroom import __version__
from wireroom.cli._outcome import reader_has_gone


class Commands(click.Group):
    """A command is a module's `command`; adding one is adding a file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """By name."""
        modules = (module.name for module in iter_modules([str(Path(__file__).parent)]))
        return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, if there is one."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"wireroom.cli.{cmd_name.replace('-', '_')}")
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on it is told in order
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; click would make exit code 1, findings, of a reader that has gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(reader_has_gone()) from None


@click.command(cls=Commands, name="wireroom", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="wireroom %(version)s")
def program() -> None:
    """Article events in; RSS, Atom and JSON feeds, Google News sitemaps and article JSON out.

    Exit codes: 0 done, 1 findings, 2 usage, 69 a dependency is unavailable, 70 a bug, 78 configuration.
    """
