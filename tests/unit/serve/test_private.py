"""Private feeds: who may read them, and what everybody else is told."""

import gzip
import logging
from collections.abc import Iterator, Mapping

import pytest

from tests.unit.serve.partnership import DESK, SETTINGS, START, WIRE, Partnership, basic, logged, partnership, rss
from wireroom import keyring, seldom
from wireroom.clock import DAY
from wireroom.errors import RetryAfter
from wireroom.keys import Key, KeyList
from wireroom.partners.records import Access, Slowed, State
from wireroom.partners.segments import FOLDER
from wireroom.serve.private import PrivateFeeds

PATH = f"/{WIRE}.rss"


@pytest.fixture
def partners(monkeypatch: pytest.MonkeyPatch) -> Iterator[Partnership]:
    monkeypatch.setattr(keyring, "FRESH", -1.0)
    with partnership() as found:
        yield found


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "basic", "anybody", "path"])
def test_a_partner_reads_its_feed(partners: Partnership, scheme: str) -> None:
    text, _ = partners.key()
    ways: Mapping[str, tuple[str, dict[str, str]]] = {
        "bearer": (PATH, {"Authorization": f"Bearer {text}"}),
        "BEARER": (PATH, {"Authorization": f"bearer  {text} "}),
        "basic": (PATH, {"Authorization": basic("northern", text)}),
        "anybody": (PATH, {"Authorization": basic("", text)}),
        "path": (f"/private/{text}/feeds/daily/wire.rss", {}),
    }
    path, headers = ways[scheme]
    answer = partners.ask(path, **headers)
    assert (answer.status, answer.body) == (200, rss(1, "urn:a"))
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "access-control-allow-origin" not in answer.headers


def test_conditions_and_packing_work_as_for_anybody(partners: Partnership) -> None:
    text, _ = partners.key()
    partners.put(f"{WIRE}.rss", rss(2, *(f"urn:{number}" for number in range(50))))
    first = partners.ask(PATH, text, accept_encoding="gzip")
    assert gzip.decompress(first.body).startswith(b"<rss>")
    again = partners.ask(PATH, text, accept_encoding="gzip", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == "private, no-store"
    head = partners.ask(PATH, text, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (
        200,
        b"",
        str(len(partners.ask(PATH, text).body)),
    )


def test_a_feed_may_say_how_long_a_partner_keeps_it(partners: Partnership) -> None:
    text, _ = partners.key("southern")
    assert partners.ask(f"/{DESK}.rss", text).headers["cache-control"] == "private, max-age=60"


def test_a_part_of_a_feed_would_not_tell_of_a_withdrawal(partners: Partnership) -> None:
    text, _ = partners.key()
    old = partners.ask(PATH, text).headers["etag"]
    partners.put(f"{WIRE}.rss", rss(2, "urn:b"))
    answer = partners.ask(PATH, text, a_im="feed", if_none_match=old)
    assert (answer.status, answer.body) == (200, rss(2, "urn:b"))


def challenged(answer_headers: Mapping[str, str]) -> bool:
    return "realm" in answer_headers.get("www-authenticate", "")


def test_without_a_key_nothing_is_told(partners: Partnership) -> None:
    asked = [PATH, f"/{WIRE}.atom", "/private/", "/private/feeds/daily/none.rss", "/private/../editions/x.json"]
    answers = [partners.ask(path) for path in asked]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert all(challenged(answer.headers) for answer in answers)
    assert all(answer.headers["cache-control"] == "private, no-store" for answer in answers)


def test_another_partners_feed_is_as_if_it_were_none(partners: Partnership) -> None:
    text, _ = partners.key()
    other, none = partners.ask(f"/{DESK}.rss", text), partners.ask("/private/feeds/daily/none.rss", text)
    assert (other.status, other.body, other.headers) == (none.status, none.body, none.headers)
    assert other.status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wr_000000000000_" + 64 * "0"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + 8 * "A"},
        {"Authorization": "Digest x"},
        {"Authorization": "\u00ff"},
        {"X-Api-Key": "{key}"},
    ],
)
def test_what_is_no_key(partners: Partnership, headers: dict[str, str]) -> None:
    text, _ = partners.key()
    given = {name: value.replace("{key}", text) for name, value in headers.items()}
    assert partners.ask(PATH, **given).status == 401


def test_of_two_headers_none_counts(partners: Partnership) -> None:
    text, _ = partners.key()
    assert partners.ask(PATH, authorization=f"Bearer {text}", Authorization=f"Bearer {text}").status == 401


def test_the_key_of_another_kind_is_none(partners: Partnership) -> None:
    text, key = partners.key()
    partners.list.revoke(key.id, START)
    KeyList(partners.store, "ingest").add(key)
    assert partners.ask(PATH, text).status == 401


def test_revocation_and_rotation(partners: Partnership) -> None:
    first, kept = partners.key()
    second, _ = partners.key()
    assert [partners.ask(PATH, key).status for key in (first, second)] == [200, 200]
    partners.list.revoke(kept.id, START)
    refused = partners.ask(PATH, first)
    assert (refused.status, b"revoked" in refused.body) == (401, True)
    assert partners.ask(f"/private/{first}/feeds/daily/wire.rss").status == 401
    assert partners.ask(PATH, second).status == 200


def test_a_wrong_secret_is_not_told_that_the_key_was_revoked(partners: Partnership) -> None:
    text, key = partners.key()
    partners.list.revoke(key.id, START)
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert b"no such key" in partners.ask(PATH, wrong).body


def test_a_key_expires_and_a_partner_ends(partners: Partnership) -> None:
    brief, _ = partners.key(expires_at=partners.clock.time + DAY)
    long, _ = partners.key()
    assert (partners.ask(PATH, brief).status, partners.ask(PATH, long).status) == (200, 200)
    partners.clock.time += DAY
    assert (partners.ask(PATH, brief).status, partners.ask(PATH, long).status) == (401, 200)
    partners.clock.time = START + 31 * DAY
    ended = partners.ask(PATH, long)
    assert (ended.status, b"ended" in ended.body) == (403, True)


def test_the_key_of_a_partner_who_is_not_in_the_settings(partners: Partnership) -> None:
    text, _ = partners.key("nobody")
    assert partners.ask(PATH, text).status == 403


def test_who_asks_too_often_waits_whichever_key_is_used(partners: Partnership) -> None:
    keys = [partners.key("southern")[0] for _ in range(2)]
    answers = [partners.ask(PATH, keys[number % 2]) for number in range(8)]
    assert [answer.status for answer in answers] == [200] * 6 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
    assert partners.ask(PATH, partners.key("northern")[0]).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", "X" * 50])
def test_nothing_but_reading(partners: Partnership, method: str) -> None:
    text, _ = partners.key()
    answer = partners.ask(PATH, text, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


SPELLINGS = [
    "/editions/_keys/partners.json", "/editions/feeds/daily/wire.json", "//editions/_keys/partners.json",
    "/./editions/_keys/partners.json", "/feeds/../editions/_keys/partners.json", "/%65ditions/_keys/partners.json",
    "/feeds/%2e%2e/editions/_keys/partners.json", "/feeds/..%2feditions/_keys/partners.json",
    "/EDITIONS/_keys/partners.json", "/feeds/%2e%2e/private/feeds/daily/wire.rss",
    "/feeds/../private/feeds/daily/wire.rss", "//private/feeds/daily/wire.rss", "/./private/feeds/daily/wire.rss",
    "/Private/feeds/daily/wire.rss", "/%70rivate/feeds/daily/wire.rss", "/private%2ffeeds/daily/wire.rss",
    "/private/./feeds/daily/wire.rss", "/private//feeds/daily/wire.rss", "/private/feeds/daily/wire.rss%00",
    "/private\\feeds\\daily\\wire.rss", "/private/feeds/daily%2fwire.rss", "/private;x/feeds/daily/wire.rss",
    "/private/feeds/daily/wire.rss/", "/feeds/daily/wire.rss", "/feeds/daily/wire/1.rss",
]  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_gets_at_what_is_private(partners: Partnership, path: str) -> None:
    partners.key()
    answer = partners.ask(path)
    assert answer.status in (401, 404)
    assert b"urn:" not in answer.body
    assert b"digest" not in answer.body


@pytest.mark.parametrize("path", [path for path in SPELLINGS if "editions" in path])
def test_nor_does_a_key_open_the_editions(partners: Partnership, path: str) -> None:
    text, _ = partners.key()
    for asked in (path, f"/private/{text}{path}", f"/private{path}", f"/private/feeds/..{path}"):
        assert partners.ask(asked, text).status == 404


def test_no_page_tells_of_a_private_feed(partners: Partnership) -> None:
    for path in ("/", "/robots.txt"):
        body = partners.ask(path).body
        assert b"wire" not in body
        assert b"private" not in body
        assert b"desk" not in body


def test_what_a_feed_left_in_public_is_gone_and_others_are_there(partners: Partnership) -> None:
    assert partners.ask("/feeds/daily/wire.rss").status == 404
    assert partners.ask("/feeds/daily/latest.rss").status == 200


def test_while_the_store_is_away_who_is_known_goes_on_for_a_while(
    partners: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = partners.key()
    assert partners.ask(PATH, text).status == 200

    def away(*_: object) -> Mapping[str, Key]:
        raise RetryAfter("away")

    monkeypatch.setattr(partners.store, "get", away)
    monkeypatch.setattr(partners.store, "refresh", away)
    assert partners.ask(PATH, text).status == 200
    assert partners.ask(PATH, text[:-1] + "x").status == 401
    monkeypatch.setattr(keyring, "STALE", 0.0)
    answer = partners.ask(PATH, text)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_what_was_answered_is_logged(partners: Partnership) -> None:
    text, key = partners.key()
    etag = partners.ask(PATH, text).headers["etag"]
    partners.ask(PATH, text, if_none_match=etag)
    partners.ask(f"/{DESK}.rss", text)
    partners.ask("/private/feeds/../x", text)
    partners.ask(PATH, text, if_none_match=" * ")
    partners.ask(PATH)
    close(partners)
    records = logged(partners)
    [state] = [record for record in records if isinstance(record, State)]
    assert (state.document, state.generation, state.etag, len(state.shown)) == (f"{WIRE}.rss", 1, etag, 1)
    accesses = [record for record in records if isinstance(record, Access)]
    assert [(a.document, a.status, a.generation, a.known) for a in accesses] == [
        (f"{WIRE}.rss", 200, 1, None),
        (f"{WIRE}.rss", 304, 1, etag),
        (f"{DESK}.rss", 404, None, None),
        ("-", 404, None, None),
        (f"{WIRE}.rss", 304, 1, "*"),
    ]
    assert {(a.partner, a.key) for a in accesses} == {("northern", key.id)}
    assert [a.size for a in accesses[:2]] == [len(rss(1, "urn:a")), 0]


def test_of_too_many_only_their_number_is_logged(partners: Partnership) -> None:
    text, _ = partners.key("southern")
    for _ in range(9):
        partners.ask(PATH, text)
    close(partners)
    [slowed] = [record for record in logged(partners) if isinstance(record, Slowed)]
    assert (slowed.partner, slowed.count) == ("southern", 3)


def test_who_has_no_key_cannot_fill_the_log(
    partners: Partnership, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seldom, "EVERY", 3600)
    assert {partners.ask(PATH, f"wr_{number:012x}_{'0' * 64}").status for number in range(50)} == {401}
    assert [message for message in caplog.messages if "401" in message] == [
        "refused: 401, a private feed, key 000000000000: no such key"
    ]


def test_no_secret_is_kept_or_told(
    partners: Partnership, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seldom, "EVERY", 0)
    caplog.set_level(logging.DEBUG)
    text, _ = partners.key()
    secret = text.rpartition("_")[2]
    revoked, kept = partners.key()
    partners.list.revoke(kept.id, START)
    answers = [
        partners.ask(
            path, key, user_agent="canary-agent", if_none_match='"canary tag", "x"', x_forwarded_for="203.0.113.7"
        )
        for key in (text, revoked, None)
        for path in (PATH, f"/private/{text}/feeds/daily/wire.rss", f"/private/{revoked}/x", f"/private/{text}x/feeds")
    ]
    close(partners)
    log = b"".join(
        gzip.decompress(found.body) for key in partners.store.keys(FOLDER) if (found := partners.store.get(key))
    )
    told = caplog.text + "".join(f"{answer.headers}{answer.body!r}" for answer in answers)
    for canary in (secret, revoked.rpartition("_")[2], "canary", "203.0.113.7"):
        assert canary not in told
        assert canary.encode() not in log
    assert b"northern" in log


def test_nothing_from_outside_gets_into_a_header(partners: Partnership) -> None:
    text, _ = partners.key()
    for path in (
        "/private/feeds/daily/wire.rss%0d%0aSet-Cookie:%20a=b",
        f"/private/{text}%0d%0aX-Evil:1/feeds/daily/wire.rss",
    ):
        answer = partners.ask(path, text)
        assert answer.status in (401, 404)
        assert not any("evil" in name for name in answer.headers)
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())


def at_once(partners: Partnership, path: str, **headers: str) -> bytes | None:
    asked = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    found = partners.site.at_once(path.encode(), asked)
    return found and b"".join(found)


def test_what_is_at_hand_is_answered_at_once_and_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "FRESH", 3600.0)
    with partnership() as partners:
        text, key = partners.key()
        bearer = f"Bearer {text}"
        assert at_once(partners, PATH, authorization=bearer) is None, "the keys were never read"
        whole = partners.ask(PATH, text)
        for ready in (
            at_once(partners, PATH, authorization=bearer, a_im="feed"),
            at_once(partners, f"/private/{text}/feeds/daily/wire.rss"),
        ):
            assert ready
            head, _, body = ready.partition(b"\r\n\r\n")
            assert body == whole.body
            lines = {line.partition(b":")[0].decode() for line in head.split(b"\r\n")[1:]}
            assert lines == whole.headers.keys() | {"date"}
        known = at_once(partners, PATH, authorization=bearer, if_none_match=whole.headers["etag"])
        assert known
        assert known.startswith(b"HTTP/1.1 304 ")
        for path in (f"/{DESK}.rss", "/private/feeds/daily/none.rss", f"{PATH}?x", f"{PATH}%00", "/private/"):
            assert at_once(partners, path, authorization=bearer) is None
        assert at_once(partners, PATH) is None
        assert at_once(partners, PATH, authorization=bearer[:-1]) is None
        close(partners)
        accesses = [record for record in logged(partners) if isinstance(record, Access)]
        assert [(a.status, a.key, a.generation) for a in accesses] == [(s, key.id, 1) for s in (200, 200, 200, 304)]


def test_rate_and_end_hold_for_what_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "FRESH", 3600.0)
    with partnership() as partners:
        south, north = partners.key("southern")[0], partners.key()[0]
        partners.ask(PATH, south)
        partners.ask(PATH, north)
        answers = [at_once(partners, PATH, authorization=f"Bearer {south}") or b"" for _ in range(6)]
        assert [answer.split()[1] for answer in answers] == [b"200"] * 5 + [b"429"]
        partners.clock.time = START + 31 * DAY
        monkeypatch.setattr(partners.site._documents, "_fresh", 60 * DAY)
        ended = at_once(partners, PATH, authorization=f"Bearer {north}") or b""
        assert ended.startswith(b"HTTP/1.1 403 ")
        assert b"urn:" not in ended


def test_without_private_feeds_there_is_no_such_address() -> None:
    with partnership(SETTINGS.model_copy(update={"feeds": SETTINGS.feeds[:1], "partners": ()})) as partners:
        assert partners.ask(PATH).status == 404
        assert partners.ask("/private/").status == 404


def close(partners: Partnership) -> None:
    """End the server's threads: what is in hand is written then."""
    found = partners.site._rest
    assert isinstance(found, PrivateFeeds)
    found._log.close()


@pytest.mark.parametrize("page", ["x" * 2_000, "2026", "2026-01-01/2026-01-01"])
def test_what_can_be_no_document_is_not_kept_as_one(partners: Partnership, page: str) -> None:
    """One such request must not make reports of all partners fail, nor fill the log."""
    text, _ = partners.key()
    assert partners.ask(f"/{WIRE}/{page}.rss", text).status == 404
    close(partners)
    assert {record.document for record in logged(partners) if isinstance(record, Access)} == {"-"}
