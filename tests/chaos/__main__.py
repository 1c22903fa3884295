"""`python -m tests.chaos SEED ROUNDS`: a failing seed is played again by the same command."""

import signal
import sys
from pathlib import Path
from shutil import rmtree

from tests.chaos.faults import random_rounds
from tests.chaos.run import play

BUILD = Path(__file__).parents[2] / "build"
RESULTS, FOLDER = BUILD / "chaos.json", BUILD / "chaos"  # what servers and workers said stays until the next run


def main(seed: int, rounds: int) -> int:
    """1 when anything is wrong."""
    rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    report = play(seed, random_rounds(seed, rounds), FOLDER, struck=lambda strike: print(strike, flush=True))
    report.write(RESULTS)
    print(report)
    return 0 if report.well else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers and workers are stopped then, too
    sys.exit(main(*map(int, sys.argv[1:])))
