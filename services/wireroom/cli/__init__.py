"""The command line. One file per command; names that begin with `_` are no commands.

Exit codes: 0 done, 1 findings, 2 usage, 69 a dependency is unavailable, 70 a bug, 78 configuration.
"""

import sys


def main() -> None:
    """The console script `wireroom`."""
    try:
        from wireroom.cli._program import program
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("The command line is not installed: pip install 'wireroom[cli]'")
    from wireroom.cli._outcome import run

    sys.exit(run(program, sys.argv[1:]))
