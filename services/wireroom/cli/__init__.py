"""The command line. One file per command; names that begin with `_` are no commands.

Exit codes: 0 done, 1 findings, 2 usage, 69 a dependency is unavailable, 70 a bug, 78 configuration.
"""

import os
import signal
import sys


def main() -> None:
    """The console script `wireroom`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # an exception would be lost in the modules that are being loaded
    open_standard_streams()
    try:
        from wireroom.cli._program import program
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("The command line is not installed: pip install 'wireroom[cli]'")
    from wireroom.cli._outcome import run

    sys.exit(run(program, sys.argv[1:]))


def open_standard_streams() -> None:
    """Those that whoever started us has closed lead nowhere: no file of ours may get their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # as long as the process
