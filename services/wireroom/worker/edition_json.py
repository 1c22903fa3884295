"""Editions as they lie in the store: JSON, private, read by older and newer versions alike (unknown fields survive)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from pydantic_core import from_json, to_json

from wireroom.edition import DocumentState, Edition, Entry, Tombstone
from wireroom.errors import Red
from wireroom.event import Order

FORMAT = 1
_ARCHIVE = ("unarchived", "newest_page", "gone")  # only where there is an archive
_FIELDS = frozenset({"format", "floor", "more", "tombstones", "entries", "documents"}) | frozenset(
    ("definition", "epoch", "generation", "nonce", "claim", "clock", "applied", *_ARCHIVE)
)


def edition_key(worker: str, publication: str, name: str) -> str:
    """Where an edition lies."""
    return f"editions/{worker}/{publication}/{name}.json"


class Row:
    """An entry and its JSON."""

    __slots__ = ("__weakref__", "entry", "json")

    def __init__(self, entry: Entry, json: bytes) -> None:
        self.entry = entry
        self.json = json


class Rows:
    """What the editions of a worker hold, each row once for as long as any of them has it."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[bytes, Row] = WeakValueDictionary()

    def row(self, entry: Entry) -> Row:
        """That of an equal entry, if there is one."""
        e = entry
        json = to_json([e.id, e.order, e.key, e.visible_from, e.leaves, e.guid, e.slot, e.content])
        return self._held.setdefault(json, Row(entry, json))


class Encoder:
    """Encodes the states of one edition, each entry once: most of an edition is the same from one state to the next."""

    def __init__(self, rows: Rows) -> None:
        self._all = rows
        self._rows: dict[str, Row] = {}

    def share(self, edition: Edition) -> Edition:
        """The same edition; what others hold too is one object with theirs."""
        self._rows = {ident: self._row(entry) for ident, entry in edition.entries.items()}
        return replace(edition, entries={ident: row.entry for ident, row in self._rows.items()})

    def _row(self, entry: Entry) -> Row:
        known = self._rows.get(entry.id)
        return known if known and known.entry is entry else self._all.row(entry)

    def encode(self, edition: Edition) -> bytes:
        """As JSON, an edition as `share` gave it."""
        rows = b",".join(self._rows[ident].json for ident in edition.entries)
        return b'%b,"entries":[%b]}' % (to_json(_head(edition))[:-1], rows)


def _head(edition: Edition) -> dict[str, Any]:
    return {
        **edition.unknown,
        "format": FORMAT,
        "definition": edition.definition,
        "epoch": edition.epoch,
        "generation": edition.generation,
        "nonce": edition.nonce,
        "claim": edition.claim,
        "clock": edition.clock,
        "applied": edition.applied,
        "floor": edition.floor,
        "more": edition.more,
        "documents": edition.documents,
        "tombstones": [[t.id, t.order, t.when, t.guid, t.note] for t in edition.tombstones.values()],
        **_archive(edition),
    }


def _archive(edition: Edition) -> dict[str, Any]:
    found = {"unarchived": sorted(edition.unarchived), "newest_page": edition.newest_page, "gone": edition.gone}
    return {name: value for name, value in found.items() if value}


def decode(key: str, body: bytes) -> Edition:
    """The edition that lies under `key`. Raises Red when it is damaged or from a newer version."""
    try:
        data: dict[str, Any] = from_json(body)
        if data["format"] > FORMAT:
            raise Red(f"{key} was written by a newer version (format {data['format']})", "upgrade this worker")
        return _edition(data)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Red(f"{key} is not an edition: {error}", "delete it: it is rebuilt from the log") from error


def _edition(data: Mapping[str, Any]) -> Edition:
    entries = [_entry(*row) for row in data["entries"]]
    tombstones = [Tombstone(row[0], Order(*row[1]), *row[2:]) for row in data["tombstones"]]
    return Edition(
        definition=data["definition"],
        epoch=data["epoch"],
        generation=data["generation"],
        nonce=data["nonce"],
        claim=data["claim"],
        clock=data["clock"],
        applied=data["applied"],
        entries={entry.id: entry for entry in entries},
        tombstones={tombstone.id: tombstone for tombstone in tombstones},
        floor=(data["floor"][0], data["floor"][1]),
        more=data["more"],
        documents={key: DocumentState(*state) for key, state in data["documents"].items()},
        unarchived=frozenset(data.get("unarchived", ())),
        newest_page=data.get("newest_page"),
        gone={ident: Order(*order) for ident, order in data.get("gone", {}).items()},
        unknown={key: value for key, value in data.items() if key not in _FIELDS},
    )


def _entry(*row: Any) -> Entry:  # noqa: ANN401 -- a row of JSON
    ident, order, key, visible_from, leaves, guid, slot, content = row
    return Entry(ident, Order(*order), (key[0], key[1]), visible_from, leaves, guid, content, slot)
