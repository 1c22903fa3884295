"""`python -m tests.bench [NAME…]`: run the measurements, print a table, write build/bench.json."""

import json
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import Row, met

HERE = Path(__file__).parent
LONG = {"million"}  # half an hour: measured only when it is named
RESULTS = HERE.parents[1] / "build" / "bench.json"


def available() -> list[str]:
    """The names of all measurements: `bench_log.py` is `log`."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def measure(names: Sequence[str]) -> Iterator[Row]:
    """The rows of the named measurements, in order."""
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        yield from import_module(f"tests.bench.bench_{name}").run()


def number(value: float | None) -> str:
    """Three significant digits, thousands apart."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: Sequence[Row]) -> Table:
    """What a person reads."""
    result = Table("measurement", "unit")
    for heading in ("value", "limit", "of limit", "goal", ""):
        result.add_column(heading, justify="right")
    for row in rows:
        of_limit = f"{row['value'] / row['limit']:.2f}" if row["limit"] else ""
        verdict = "" if row["goal"] is None else "ok" if met(row) else "MISSED"
        result.add_row(
            row["name"], row["unit"], number(row["value"]), number(row["limit"]), of_limit, number(row["goal"]), verdict
        )
    return result


def main(names: Sequence[str]) -> int:
    """Measure; 2 for an unknown name."""
    if unknown := set(names) - set(available()):
        print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(available())}", file=sys.stderr)
        return 2
    rows = list(measure(names or sorted(set(available()) - LONG)))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    Console(width=None if sys.stdout.isatty() else 160).print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
