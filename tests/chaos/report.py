"""How a chaos run went."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Report:
    """`injected`: how often each fault was; `found`: what is wrong, by kind; `deaths`: exit codes of workers that ended
    of themselves; `longest_stall`: seconds from an acknowledgement until the last document told it; `meanwhile`: the
    faults during it.
    """

    events: int
    documents: int
    injected: dict[str, int] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)
    longest_stall: float = 0.0
    stalled: str = ""
    meanwhile: list[str] = field(default_factory=list)
    deaths: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    rounds: int = 0
    seconds: float = 0.0

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
        lines = [
            f"seed {self.seed}: {self.rounds} rounds in {self.seconds:.0f} s, {self.events} events acknowledged, "
            f"{self.documents} documents read",
            f"injected: {sum(self.injected.values())} ({injected})",
            ", ".join(f"{kind}: {len(self.found.get(kind, []))}" for kind in kinds),
            f"longest stall: {self.longest_stall:.1f} s ({self.stalled}; {', '.join(self.meanwhile) or 'no fault'})",
            f"workers that ended of themselves: {self.deaths or 'none'}",
        ]
        return "\n".join([*lines, *(f"  {kind}: {each}" for kind in kinds for each in self.found.get(kind, [])[:10])])
