"""Who owns which partition: the rule by which the leader of a group shares partitions out.

Equal numbers of all topics have one owner, so it is numbers that are shared. Cooperative, in two rounds (KIP-429):
what a member holds beyond its share goes to nobody at first; once that member has let go of it and all have joined
again, it is free for another. So no partition ever has two owners, and what stays never stops.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Claim(NamedTuple):
    """What a member says that it holds, since which generation of the group."""

    numbers: frozenset[int] = frozenset()
    generation: int = -1


def share(claims: Mapping[str, Claim], numbers: frozenset[int]) -> dict[str, list[int]]:
    """The numbers of each member. A claim from before another member's is void: its member was not there meanwhile."""
    held = _held(claims, numbers)
    order = sorted(claims, key=lambda member: (-len(held[member]), member))
    least, larger = divmod(len(numbers), len(order))
    free = sorted(numbers.difference(*held.values()))
    shares: dict[str, list[int]] = {}
    for place, member in enumerate(order):
        size = least + (place < larger)
        kept = held[member][:size]
        taken, free = free[: size - len(kept)], free[size - len(kept) :]
        shares[member] = sorted([*kept, *taken])
    return shares


def _held(claims: Mapping[str, Claim], numbers: frozenset[int]) -> dict[str, list[int]]:
    holders: dict[int, str] = {}
    for member in sorted(claims, key=lambda member: (claims[member].generation, member)):
        holders.update(dict.fromkeys(claims[member].numbers & numbers, member))
    held: dict[str, list[int]] = {member: [] for member in claims}
    for number, member in sorted(holders.items()):
        held[member].append(number)
    return held
