"""What is read of a feed's documents: the same of every format."""

import pytest

from tests.golden.feeds import test_golden as golden
from wireroom.serve.documents import Served
from wireroom.serve.headlines import Contents, Headline, contents
from wireroom.store import Stored

EMPTY = {
    "rss": "<rss><channel xmlns:a='http://www.w3.org/2005/Atom'>{}</channel></rss>",
    "atom": "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>",
    "json": '{{"items":[]{}}}',
}
LINKS = {
    "rss": "<a:link rel='prev-archive' href='https://f.example/a.rss'/><a:link rel='self' href='https://f.example/'/>",
    "atom": "<link rel='prev-archive' href='https://f.example/a.rss'/>",
    "json": ',"next_url":"https://f.example/a.rss"',
}


def read(ending: str, body: bytes, most: int = 20) -> Contents:
    return contents(Served(f"feeds/fjordposten/kysten.{ending}", Stored(body, '"1"', 0)), most)


def golden_document(ending: str) -> bytes:
    return (golden.HERE / f"kysten.{ending}").read_bytes()


def test_every_format_tells_the_same_of_what_all_can_tell() -> None:
    formats = [read(ending, golden_document(ending)).newest for ending in EMPTY]
    common = [[(h.title, h.url, h.language, h.published, h.summary, list(h.authors)) for h in all_] for all_ in formats]
    assert common[0] == common[1] == common[2]
    assert len(common[0]) == 4
    assert formats[1][3].revised == formats[2][3].revised == 1_772_449_200_000_000
    assert formats[1][0].revised is None


def test_an_article_is_read_as_it_is_written() -> None:
    assert read("json", golden_document("json")).newest[3] == Headline(
        title="Skøyta er på land – mannskapet «i god behold»",
        url="https://fjordposten.example/nyheter/nb-1",
        published=1_772_434_800_000_000,
        updated=1_772_449_200_000_000,
        summary="Tre personer ble tatt om bord i redningsskøyta & er uskadd.",
        authors=["Kari Lund", "Ola Nes"],
    )


@pytest.mark.parametrize("ending", EMPTY)
def test_no_more_is_read_than_is_wanted(ending: str) -> None:
    newest = read(ending, golden_document(ending), 2).newest
    assert [headline.language for headline in newest] == ["ar", "zh-Hans"]


@pytest.mark.parametrize("ending", EMPTY)
def test_the_archive_is_found_where_there_is_one(ending: str) -> None:
    assert read(ending, EMPTY[ending].format("").encode()) == Contents((), "")
    assert read(ending, EMPTY[ending].format(LINKS[ending]).encode()).archive == "https://f.example/a.rss"


@pytest.mark.parametrize("ending", EMPTY)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<a", b"\xff", b'{"items":[{"authors":7}]}'])
def test_nothing_is_read_of_what_is_no_feed(ending: str, body: bytes) -> None:
    assert read(ending, body) == Contents()


@pytest.mark.parametrize("date", ["yesterday", "", "9" * 40, "Mon, 02 Mar 2026 10:00:00 +99999999999999999999"])
def test_a_date_that_is_none_is_not_told(date: str) -> None:
    rss = f"<rss><channel><item><title>A</title><pubDate>{date}</pubDate></item></channel></rss>"
    assert read("rss", rss.encode()).newest == (Headline("A", authors=[]),)
    assert read("json", f'{{"items":[{{"title":"A","date_published":"{date}"}}]}}'.encode()).newest == (
        Headline("A", authors=[]),
    )
