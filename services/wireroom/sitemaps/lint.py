"""What must hold of an article before it enters a sitemap, and of a sitemap before it is published.

Rules: the sitemaps protocol (sitemaps.org) and Google's guides to news and image sitemaps.
"""

from lxml import etree

from wireroom.document import Document
from wireroom.errors import Fault, Red, Reject
from wireroom.sink import Content

MOST_URLS = 1000  # Google: in one sitemap of news
MOST_BYTES = 50 * 1024 * 1024
LONGEST_LOC = 2047
LONGEST_TITLE = 1000  # characters: with it and PICTURES, a thousand articles stay below MOST_BYTES
_URL = "{http://www.sitemaps.org/schemas/sitemap/0.9}url"


def lint(content: Content) -> None:
    """Raises Reject, naming the rule that the article breaks."""
    if not content["title"]:
        raise Reject("empty-title", [Fault("article.title", "nothing to read", "a headline")])
    if len(content["title"]) > LONGEST_TITLE:
        found = f"{len(content['title'])} characters"
        raise Reject("title-too-long", [Fault("article.title", found, f"at most {LONGEST_TITLE}")])
    if (length := len(content["loc"])) > LONGEST_LOC:
        raise Reject("loc-too-long", [Fault("url", f"{length} characters", "fewer than 2,048")])


def gate(document: Document) -> Document:
    """The document, when a parser reads it and it keeps the protocol's limits. Raises Red."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    pieces = document.pieces(0)
    try:
        for piece in pieces:
            parser.feed(piece)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _refused(document, str(error)) from error
    urls, size = len(root.findall(_URL)), sum(map(len, pieces))
    if urls > MOST_URLS or size > MOST_BYTES:
        raise _refused(document, f"{urls} URLs, {size} bytes")
    return document


def _refused(document: Document, reason: str) -> Red:
    return Red(f"{document.key} was not published: {reason}", "the last good one stays; report this as a bug")
