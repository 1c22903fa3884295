"""Editions as they lie in the store, and what the editions of a worker share in memory."""

from weakref import ref

from tests.unit.newsroom import NOON
from wireroom.clock import micros
from wireroom.edition import Edition, Entry
from wireroom.event import Order
from wireroom.worker.edition_json import Encoder, Rows, decode

NOW = micros(NOON)


def entry(article: str, revision: int = 1, title: str = "Fergen") -> Entry:
    ident = f"fjordposten/{article}"
    return Entry(ident, Order(revision, False, NOW, "e"), (NOW, ident), NOW, None, None, {"title": title})


def edition(*entries: Entry) -> Edition:
    return Edition("d", "e", entries={each.id: each for each in entries})


def test_what_was_written_is_read() -> None:
    encoder, written = Encoder(Rows()), edition(entry("1"), entry("2"))
    assert decode("k", encoder.encode(encoder.share(written))) == written


def test_editions_that_hold_the_same_share_it_also_when_one_was_read_from_the_store() -> None:
    rows = Rows()
    one, other = Encoder(rows), Encoder(rows)
    first = one.share(edition(entry("1"), entry("2")))
    second = other.share(decode("k", one.encode(first)))
    assert second == first
    assert all(second.entries[ident] is held for ident, held in first.entries.items())
    assert other.encode(second) == one.encode(first)


def test_what_differs_is_not_shared() -> None:
    rows = Rows()
    full, short = edition(entry("1")), edition(entry("1")._replace(content={}))
    assert (Encoder(rows).share(full), Encoder(rows).share(short)) == (full, short)


def test_the_next_state_is_written_with_what_changed() -> None:
    encoder, afresh = Encoder(Rows()), Encoder(Rows())
    encoder.share(edition(entry("1"), entry("2")))
    new = edition(entry("2"), entry("1", 2, "Fergen er flott"))
    assert encoder.encode(encoder.share(new)) == afresh.encode(afresh.share(new))


def test_what_no_edition_holds_is_let_go() -> None:
    rows = Rows()
    encoder = Encoder(rows)
    encoder.share(edition(entry("1"), entry("2")))
    gone, held = (ref(rows.row(entry(article))) for article in ("1", "2"))
    assert None not in (gone(), held())
    encoder.share(edition(entry("2")))
    assert (gone() is None, held() is None) == (True, False)
