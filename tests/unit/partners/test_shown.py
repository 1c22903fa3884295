"""The ids of entries are found in every format as the renderer writes them."""

import pytest

from tests.unit.feeds.reading import body, declared
from tests.unit.newsroom import NOON, published
from wireroom.guid import minted
from wireroom.partners.shown import digest, shown

ADOPTED = "https://old.example/?p=1&q=2"


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_ids_are_found_in_every_format(form: str) -> None:
    events = [published("own"), published("adopted", guid=ADOPTED), published("words", guid="no address")]
    document = body(declared().read(*events, now=NOON), form)
    third = minted("fjordposten/words") if form == "atom" else "no address"
    expected = {digest(ident) for ident in (minted("fjordposten/own"), ADOPTED, third)}
    assert set(shown(f"private/feeds/fjordposten/siste.{form}", document)) == expected


@pytest.mark.parametrize("key", ["x.rss", "x.json"])
def test_what_is_no_feed(key: str) -> None:
    with pytest.raises(ValueError):
        shown(key, b"<rss")
