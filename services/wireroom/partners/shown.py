"""Which entries a document shows, by their ids: RSS guid, Atom id, JSON Feed id."""

import json
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from xml.etree import ElementTree

_ATOM = "{http://www.w3.org/2005/Atom}"


def digest(ident: str) -> str:
    """An entry's id as the access log keeps it: six bytes tell thousands of entries apart."""
    return blake2b(ident.strip().encode(errors="replace"), digest_size=6).hexdigest()


def shown(key: str, body: bytes) -> tuple[str, ...]:
    """Digests of the ids of all entries of a feed that we rendered. Raises ValueError when it is none."""
    return tuple(digest(ident) for ident in (_json(body) if key.endswith(".json") else _xml(body)))


def _json(body: bytes) -> Iterable[str]:
    return [str(item["id"]) for item in json.loads(body).get("items", ())]


def _xml(body: bytes) -> Iterator[str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    yield from (guid.text or "" for guid in root.iterfind("channel/item/guid"))
    yield from (ident.text or "" for ident in root.iterfind(f"{_ATOM}entry/{_ATOM}id"))
