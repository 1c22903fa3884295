"""Takedown receipts, as they are printed."""

from collections.abc import Iterator, Sequence

from wireroom.cli._article import Told
from wireroom.cli._standings import access_object
from wireroom.clock import moment
from wireroom.partners.receipts import Receipt


def receipt_lines(told: Told, found: Sequence[Receipt]) -> Iterator[str]:
    """What a person reads."""
    if told.withdrawn:
        yield f"withdrawn at revision {told.withdrawn.revision}, taken by the log at {_time(told.withdrawn.time)}"
    else:
        yield "not withdrawn"
    for each in found:
        proofs = [f"had it from {_time(each.had_from)} to {_time(each.had_until)}"]
        if each.sent:
            proofs.append(f"sent {each.sent.etag} (generation {each.sent.generation}) at {_time(each.sent.time)}")
        if each.confirmed:
            known = f"{each.confirmed.etag} (generation {each.confirmed.generation})"
            proofs.append(f"named {known} at {_time(each.confirmed.time)}")
        yield f"{each.partner}  {each.document}  {each.verdict.upper()}: {'; '.join(proofs)}"
    if not found:
        yield "no partner had it, as far as the access log goes back"


def receipt_object(receipt: Receipt) -> dict[str, object]:
    """The same for programs."""
    return {
        "partner": receipt.partner,
        "document": receipt.document,
        "verdict": receipt.verdict.name.lower(),
        "had_from": _time(receipt.had_from),
        "had_until": _time(receipt.had_until),
        "sent": receipt.sent and access_object(receipt.sent),
        "confirmed": receipt.confirmed and access_object(receipt.confirmed),
    }


def _time(time: int | None) -> str | None:
    return None if time is None else moment(time).isoformat(timespec="milliseconds")
