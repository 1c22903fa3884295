"""The gate: a whole document is read again before it may replace the last good one."""

from collections.abc import Sequence

from lxml import etree
from pydantic_core import from_json

from wireroom.document import Document
from wireroom.errors import Red

ATOM = "{http://www.w3.org/2005/Atom}"
_REMEDY = "report it; the last good document stays"


def check(document: Document, ids: Sequence[str]) -> Document:
    """The document itself, when it is well-formed and shows exactly the entries `ids`, in that order. Raises Red."""
    reader = _json_ids if document.key.endswith(".json") else _xml_ids
    try:
        found = reader(document)
    except (ValueError, etree.XMLSyntaxError) as error:
        raise Red(f"{document.key} cannot be read: {error}", _REMEDY) from error
    if found != list(ids):
        raise Red(f"{document.key} shows {len(found)} entries other than the {len(ids)} of its feed", _REMEDY)
    return document


def _xml_ids(document: Document) -> list[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    for piece in document.pieces(0):
        parser.feed(piece)
    root = parser.close()
    path = "channel/item/guid" if root.tag == "rss" else f"{ATOM}entry/{ATOM}id"
    return [element.text or "" for element in root.iterfind(path)]


def _json_ids(document: Document) -> list[str]:
    return [item.get("id", "") for item in from_json(document.body(0)).get("items", [])]
