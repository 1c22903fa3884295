from tests.unit.events import put, wd
from wireroom import codec
from wireroom.cli._lines import AT_ONCE, Lines
from wireroom.document import DocumentChanged
from wireroom.log import ARTICLES, DEAD_LETTERS, DOCUMENTS, Message
from wireroom.log.memory import MemoryLog


def changed(generation: int) -> Message:
    return codec.encode_change(DocumentChanged("feeds/daily/latest.rss", generation, '"x"', "x", "feeds", 0))


def test_a_line_for_each_event_and_document_since_the_start() -> None:
    log = MemoryLog()
    log.append(ARTICLES, [codec.encode(put("before"))])
    lines = Lines(log)
    log.append(ARTICLES, [codec.encode(put("a", title="Harbour freezes")), codec.encode(wd("a", 2))])
    log.append(DOCUMENTS, [changed(3), changed(3)])
    log.append(DEAD_LETTERS, [Message("daily", b"x", {"wireroom.rule": b"trailing-bytes"})])
    log.append(ARTICLES, [Message("daily", b"nonsense")])
    said = "\n".join(lines.new())
    for expected in (
        "daily/a@1  Harbour freezes",
        "withdrawn  daily/a@2",
        "latest.rss  generation 3",
        "trailing-bytes",
    ):
        assert said.count(expected) == 1
    assert "before" not in said
    assert lines.new() == []


def test_a_crowd_is_counted() -> None:
    log = MemoryLog()
    lines = Lines(log)
    log.append(ARTICLES, [codec.encode(put("a", revision)) for revision in range(1, AT_ONCE + 2)])
    assert lines.new() == [f"{AT_ONCE + 1} events and documents"]
