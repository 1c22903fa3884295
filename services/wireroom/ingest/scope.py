"""What a key of the ingest may do."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wireroom.errors import Red
from wireroom.event import ArticleEvent, Kind
from wireroom.fields import Id

KIND = "ingest"
RATE, BURST = 1_000, 10_000  # events a second, and at once after a pause

Right = Literal["publish", "withdraw"]


class Scope(BaseModel):
    """Whose events a key may send (`publications`; None: everybody's), of which kinds, and how many."""

    model_config = ConfigDict(frozen=True)

    publications: tuple[Id, ...] | None
    rights: tuple[Right, ...]
    rate: float = Field(RATE, gt=0, allow_inf_nan=False)
    burst: int = Field(BURST, ge=1)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The scope as it stands in a key. Raises Red when a newer version made it."""
        try:
            return cls.model_validate(data)
        except ValidationError:
            raise Red("the key's scope is none of this version", "upgrade the ingest, or make another key") from None

    def lacks(self, event: ArticleEvent) -> str | None:
        """What the key would need for this event and does not have."""
        if self.publications is not None and event.publication not in self.publications:
            return f"publication {event.publication}"
        right: Right = "withdraw" if event.kind is Kind.WITHDRAWN else "publish"
        return None if right in self.rights else f"right {right}"
