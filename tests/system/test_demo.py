"""`wireroom demo` as whoever tries it first sees it."""

import re
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.system.newsroom import Newsroom, wait_for
from wireroom import demo
from wireroom.cli._lines import AT_ONCE
from wireroom.cli.up import PORT
from wireroom.event import Kind


def test_each_event_and_each_document_of_the_first_seconds_has_its_line(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    first = [step.event for step in demo.steps() if step.after == 0]
    with newsroom.running("demo", "--port", "0"):
        for document in ("feeds/harbour-gazette/all-papers.json", "feeds/kabar-laut/latest.rss"):
            wait_for(lambda: f"document   {document}" in newsroom.output())  # noqa: B023
    output = newsroom.output()
    assert output.startswith("Wireroom is at http://127.0.0.1:")
    for event in first:
        assert event.article
        assert f"  published  {event.id}@1  {event.article.title}\n" in output
    lines = re.findall(r"^\d\d:\d\d:\d\d  (?:published|document) ", output, re.MULTILINE)
    assert len(lines) <= AT_ONCE, "if they came all at once, only their number would be told"


def test_it_starts_where_its_port_is_taken(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    with ExitStack() as stack:
        with suppress(OSError):  # somebody else has it
            stack.enter_context(socket.create_server(("127.0.0.1", PORT)))
        with newsroom.running("demo"):
            assert not wait_for(newsroom.address).endswith(f":{PORT}/")


def test_it_shows_what_a_newsroom_does() -> None:
    events = [step.event for step in demo.steps()]
    articles = [event.article for event in events if event.article]
    languages = {publication.language for publication in demo.PUBLICATIONS}
    languages |= {article.language for article in articles if article.language}
    assert {event.kind for event in events} == set(Kind)
    assert any(article.images for article in articles)
    assert any(article.embargoed_until for article in articles)
    assert len(languages) == 4
