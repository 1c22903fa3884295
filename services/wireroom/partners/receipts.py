"""Who saw that an article was gone, and when: a receipt for each partner and document. Pure.

The proof is in what was served: a state's record says which entries it showed, a request's record which state the
partner had afterwards. A later request that names the ETag of a state (304) proves that it has come.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from wireroom.partners.records import Access, Record, State


class Verdict(StrEnum):
    """What is known of one partner's copy of one document."""

    NEVER = "never had it"
    HAS = "has it"
    SENT = "sent without it"
    CONFIRMED = "confirmed without it"


@dataclass
class Receipt:
    """One partner, one document, one article. Times in microseconds since the epoch.

    `had_from`, `had_until`: the first and the last answer after which the partner had a state with it. `sent`: the
    first whole document without it since; `confirmed`: the first 304 on such a state since.
    """

    partner: str
    document: str
    had_from: int | None = None
    had_until: int | None = None
    sent: Access | None = None
    confirmed: Access | None = None

    def take(self, access: Access, has: bool) -> None:
        """The partner has a state with the article, or without it."""
        if has:
            self.had_from = access.time if self.had_from is None else self.had_from
            self.had_until = access.time
            self.sent = self.confirmed = None
        elif access.status == 304:
            self.confirmed = self.confirmed or access
        else:
            self.sent = self.sent or access

    @property
    def verdict(self) -> Verdict:
        """What all of it comes to."""
        if self.had_from is None:
            return Verdict.NEVER
        if self.confirmed:
            return Verdict.CONFIRMED
        return Verdict.SENT if self.sent else Verdict.HAS


def receipts(records: Iterable[Record], article: Collection[str]) -> list[Receipt]:
    """Fold records, in order of time; `article`: digests of the ids that the article may have in documents."""
    found: dict[tuple[str, str], Receipt] = {}
    shows: dict[tuple[str, int], bool] = {}
    for record in records:
        if isinstance(record, State):
            shows[record.document, record.generation] = not set(article).isdisjoint(record.shown)
        elif isinstance(record, Access) and record.is_held:
            assert record.generation is not None
            has = shows.get((record.document, record.generation))
            if has is not None:
                who = (record.partner, record.document)
                found.setdefault(who, Receipt(*who)).take(record, has)
    return [found[who] for who in sorted(found)]
