"""How a chaos run went."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Report:
    """`injected`: how often each fault was; `found`: what is wrong, by kind; `deaths`: exit codes of workers that ended
    of themselves; `longest_stall`: seconds from an acknowledgement until the last document told it; `meanwhile`: the
    faults during it; `recoveries`: the most seconds from the end of a fault until documents told all;
    `guests`: how often one was given partitions; `still`:
    seconds that the machine stood still, which count in none of the others.
    """

    events: int
    documents: int
    injected: dict[str, int] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)
    longest_stall: float = 0.0
    stalled: str = ""
    meanwhile: list[str] = field(default_factory=list)
    guests: int = 0
    recoveries: dict[str, float] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    rounds: int = 0
    seconds: float = 0.0
    still: float = 0.0

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.found.values())

    def write(self, path: Path) -> None:
        """As JSON."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    def __str__(self) -> str:
        kinds = ("lost", "resurrected", "torn", "fell", "early", "crashed")
        injected = ", ".join(f"{name} {count}" for name, count in sorted(self.injected.items()))
        slowest = max(self.recoveries.items(), key=lambda each: each[1], default=("nothing", 0.0))
        lines = [
            f"seed {self.seed}: {self.rounds} rounds in {self.seconds:.0f} s, {self.events} events acknowledged, "
            f"{self.documents} documents read",
            f"injected: {sum(self.injected.values())} ({injected}); {self.guests} guests were given partitions",
            ", ".join(f"{kind}: {len(self.found.get(kind, []))}" for kind in kinds),
            f"longest stall: {self.longest_stall:.1f} s ({self.stalled}; {', '.join(self.meanwhile) or 'no fault'})",
            f"longest recovery: {slowest[1]:.1f} s after {slowest[0]}",
            f"the machine stood still for {self.still:.1f} s",
            f"workers that ended of themselves: {self.deaths or 'none'}",
        ]
        return "\n".join([*lines, *(f"  {kind}: {each}" for kind in kinds for each in self.found.get(kind, [])[:10])])
