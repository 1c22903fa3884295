"""Measurements (`make bench`). Each `bench_*.py` has a `run` that measures and gives its rows; none is a test."""

from typing import TypedDict


class Row(TypedDict):
    """One measurement. `limit`: what the machine could do at best, measured in the same run; `goal`: what we promise.

    A unit that ends with `/s`, and `x` (times faster), is better when higher; every other unit when lower.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    goal: float | None


def met(row: Row) -> bool:
    """Whether a measurement keeps its promise."""
    if row["goal"] is None:
        return True
    higher_is_better = row["unit"] == "x" or row["unit"].endswith("/s")
    return row["value"] >= row["goal"] if higher_is_better else row["value"] <= row["goal"]
