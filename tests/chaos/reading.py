"""What a reader of a document sees, told from nothing but its bytes."""

import json
import re
from collections.abc import Iterable

from lxml import etree

from wireroom.document import generation_of

TITLE = re.compile(r"([a-z]+-\d+) at (\d+)")
ITEMS = {
    "rss": "channel/item/title",
    "atom": "{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}title",
    "xml": ".//{http://www.google.com/schemas/sitemap-news/0.9}title",
}


class Torn(Exception):
    """Not a whole document, or not a valid one."""


def read(key: str, body: bytes) -> tuple[int, dict[str, int]]:
    """Its generation, and the revision of each article that it shows. Raises Torn."""
    try:
        titles = list(_titles(key, body))
    except (ValueError, KeyError, etree.XMLSyntaxError) as error:
        raise Torn(f"{key}: {error}") from error
    found = [match for title in titles if (match := TITLE.fullmatch(title))]
    shown = {match[1]: int(match[2]) for match in found}
    generation = generation_of(body)
    if generation < 1 or len(shown) < len(titles):
        raise Torn(f"{key}: generation {generation}, titles {titles}")
    return generation, shown


def _titles(key: str, body: bytes) -> Iterable[str]:
    kind = key.rpartition(".")[2]
    if kind != "json":
        return [element.text or "" for element in etree.fromstring(body).iterfind(ITEMS[kind])]
    said = json.loads(body)
    if "items" in said:
        return [item["title"] for item in said["items"]]
    return [each["value"] for each in said["headlines"]] if said["pubStatus"] == "usable" else []
