"""No secret is told: keys and signatures wherever a sender may put them, and then everything that is left behind.

A key in the body of what a hook cannot map is the exception: the dead letter keeps the body as it came, to be mapped
again, and only there.
"""

import base64
import hmac
import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.kafka import Broker
from tests.system.door import JSON, LINES, Door, create, ingest, log_url, on_kafka
from tests.system.newsroom import Newsroom, article
from wireroom.codec import MEDIA_TYPE
from wireroom.connect import open_log, open_store
from wireroom.ingest.scope import KIND
from wireroom.keys import KeyList, mint
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, Record

CANARY = "c0ffee" * 10 + "beef"  # the secret of a key that is none
IN_BODY = "decade" * 10 + "feed"  # ... in the body of what a hook cannot map
WRONG, KEPT = f"wr_0123456789ab_{CANARY}", f"wr_0123456789ab_{IN_BODY}"
HOOK_SECRET = "whisky-tango-foxtrot-4711"
MAPPING = {"article_id": "/id", "title": "/t", "published_at": "/at", "modified_at": "/at", "url": "/u"}
SYSTEMS = ("ghost", "wordpress", "superdesk", "ninjs", "generic")
HOOKS = [
    {"cms": cms, "publication": "daily", "secret": HOOK_SECRET, **({"mapping": MAPPING} if cms == "generic" else {})}
    for cms in SYSTEMS
]
POST = {"current": {"id": KEPT, KEPT: KEPT, "status": "published", "title": KEPT, "url": KEPT}}
UNMAPPABLE = json.dumps(
    {
        "id": KEPT,
        KEPT: KEPT,
        "t": KEPT,
        "at": KEPT,
        "type": "text",
        "status": "publish",
        "u": f"https://{KEPT}@x/",
        "post": POST,
    }
).encode()


@pytest.fixture(params=["sqlite", "kafka"])
def newsroom(request: pytest.FixtureRequest, tmp_path: Path) -> Newsroom:
    if request.param == "sqlite":
        newsroom = Newsroom(tmp_path)
    else:
        broker: Broker = request.getfixturevalue("broker")
        newsroom = on_kafka(tmp_path, broker)
    newsroom.environment |= {"WIREROOM_HOOKS": json.dumps(HOOKS)}
    return newsroom


Sent = tuple[str, bytes, Mapping[str, str], str]  # target, body, headers, method
EVENT = json.dumps(article("a")).encode()


def requests(keys: list[str]) -> Iterator[Sent]:
    """Everything that is refused; `keys`: a good one first, then bad ones."""
    good = f"Bearer {keys[0]}"
    for key in [*keys[1:], WRONG, WRONG[:40], f"{WRONG}0"]:
        for target, media in (("/v1/events", JSON), ("/v1/events:batch", LINES)):
            yield target, EVENT, {"Authorization": f"Bearer {key}", "Content-Type": media}, "POST"
    yield "/v1/events", b"", {}, WRONG
    yield from in_headers(good)
    for key in (keys[0], WRONG):
        yield from in_targets(good, key)
    for body in BODIES:
        for target, media in (("/v1/events", JSON), ("/v1/events:batch", LINES), ("/v1/events", MEDIA_TYPE)):
            yield target, body, {"Authorization": good, "Content-Type": media}, "POST"
    for cms in SYSTEMS:
        for value in (f"sha256={CANARY}", f"sha256={CANARY}, t=1", f"sha1={CANARY[:40]}", HOOK_SECRET, WRONG):
            named = ("X-Hub-Signature-256", "X-Superdesk-Signature", "X-Ghost-Signature")
            yield f"/v1/hooks/{cms}/daily", b"{}", dict.fromkeys(named, value), "POST"
            yield f"/v1/hooks/{cms}/daily?secret={HOOK_SECRET}", b"{}", {}, "POST"


def in_headers(good: str) -> Iterator[Sent]:
    basic = base64.b64encode(f"daily:{WRONG}".encode()).decode()
    for name, value in {
        "Authorization": f"Basic {basic}", "authorization": f"Bearer  {WRONG} {WRONG}", "Cookie": f"key={WRONG}",
        "X-Api-Key": WRONG, "Referer": f"https://x/?key={WRONG}", "User-Agent": WRONG, "Content-Type": WRONG,
        "Content-Encoding": WRONG, "Expect": WRONG, "Host": f"{WRONG}.example", "X-Forwarded-For": WRONG,
    }.items():  # fmt: skip
        given = {} if name in ("Authorization", "authorization") else {"Authorization": good}
        yield "/v1/nothing", EVENT, {**given, name: value}, "POST"
        yield "/v1/events", b"{}", {**given, "Content-Type": JSON, name: value}, "POST"


def in_targets(good: str, key: str) -> Iterator[Sent]:
    for target in (
        f"/v1/events?key={key}", f"/v1/events?{key}", f"/v1/events?backfill=true&access_token={key}", f"/{key}",
        f"/v1/events/{key}", f"/problems/{key}", f"/v1/hooks/{key}/daily", f"/v1/hooks/ghost/{key}",
        f"/v1/hooks/ghost/daily/{key}", f"/v1/hooks/ghost/daily/{HOOK_SECRET}", f"/v1/hooks/ghost/x/{HOOK_SECRET}",
        f"/v1/hooks/ghost/daily/x/{key}?secret={HOOK_SECRET}", f"/v1/{key.replace('_', '%5F')}",
        f"http://daily:{key}@x/v1/events", f"http://{key}@x/v1/hooks/ghost/daily", f"/v1/events#{key}",
    ):  # fmt: skip
        yield target, b"{}", {"Authorization": good, "Content-Type": JSON}, "POST"
        yield target, b"{}", {"Content-Type": JSON}, "POST"
        yield target, b"", {}, "GET"


def bodies() -> Iterator[bytes]:
    names = (WRONG, "kind", "url", "revision", "event_id", "article_id", "publication", "article")
    image = {"url": WRONG, WRONG: 1}
    for body in (
        dict.fromkeys(names, WRONG),
        article("a", title=WRONG, language=WRONG, access=WRONG, images=[image]) | {"revision": WRONG},
        article("a") | {"publication": "other", "note": WRONG},
        [WRONG],
        WRONG,
    ):
        yield json.dumps(body).encode()
    for broken in (f'{{"{WRONG}', f'{{"{WRONG}": 1, "{WRONG}": 2}}', WRONG):
        yield broken.encode()


BODIES = list(bodies())


def unmappable() -> Iterator[Sent]:
    """What is signed as it should be, and is no article."""
    at = round(datetime.now(UTC).timestamp() * 1000)
    for cms in SYSTEMS:
        signed = {
            "X-Ghost-Signature": f"sha256={signature(UNMAPPABLE + str(at).encode())}, t={at}",
            "X-Superdesk-Signature": f"sha1={signature(UNMAPPABLE, 'sha1')}",
            "X-Hub-Signature-256": f"sha256={signature(UNMAPPABLE)}",
        }
        event = "post.published" if cms == "ghost" else WRONG
        yield f"/v1/hooks/{cms}/daily/{event}", UNMAPPABLE, signed, "POST"


def signature(signed: bytes, algorithm: str = "sha256") -> str:
    return hmac.digest(HOOK_SECRET.encode(), signed, algorithm).hex()


def ask(door: Door, target: str, body: bytes, headers: Mapping[str, str], method: str) -> bytes:
    """The whole answer, byte for byte."""
    head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    head += [*([] if "Host" in headers else ["Host: x"]), f"Content-Length: {len(body)}", "Connection: close"]
    with door.raw() as client:
        client.sendall("\r\n".join([*head, "", ""]).encode() + body)
        return b"".join(iter(lambda: client.recv(65536), b""))


def records(newsroom: Newsroom) -> Iterator[Record]:
    with closing(open_log(log_url(newsroom), newsroom.environment.get("WIREROOM_LOG__PREFIX", "wireroom."))) as log:
        for topic in (ARTICLES, BACKFILL, DEAD_LETTERS):
            for partition in log.partitions(topic):
                yield from log.read(partition, 0, 10_000)


def outputs(newsroom: Newsroom) -> Iterator[str]:
    for command in ("status", "keys list", "dead-letters list", "dead-letters list --json"):
        yield newsroom.run(*command.split())


def test_no_secret_is_told(newsroom: Newsroom) -> None:
    expired, key = mint({"publications": None, "rights": ["publish"]}, "", 1, 2)
    KeyList(open_store(f"file:///{newsroom.folder}/data/store"), KIND).add(key)
    bad = [create(newsroom), expired]
    newsroom.run("keys", "revoke", bad[0])
    told: list[bytes] = []
    with ingest(newsroom, "ingest", "--metrics-port", "0") as door:
        assert door.once(article("first"))[0] == 202
        for request in requests([door.key, *bad]):
            answer = ask(door, *request)
            assert answer.startswith(b"HTTP/1.1 4") or b'"status": 4' in answer, (request, answer)
            told.append(answer)
        letters = [ask(door, *request) for request in unmappable()]
        assert [answer[9:12] for answer in letters] == [b"422"] * len(SYSTEMS)
        metrics = newsroom.output().partition("Metrics are at ")[2].split()[0]
        with urllib.request.urlopen(metrics) as page:
            told.append(page.read())
        secrets = [*(key.rpartition("_")[2] for key in (door.key, *bad)), CANARY, HOOK_SECRET, signature(UNMAPPABLE)]
    told += [newsroom.output().encode(), *letters, *(output.encode() for output in outputs(newsroom))]
    kept = list(records(newsroom))
    assert sum(record.partition.topic == DEAD_LETTERS for record in kept) == len(SYSTEMS)
    told += [repr((record.key, record.headers)).encode() for record in kept]
    check_not_in([*secrets, IN_BODY], told)
    files = [path.read_bytes() for path in newsroom.folder.rglob("*") if path.is_file()]
    check_not_in(secrets, [*files, *(record.value for record in kept)])
    assert IN_BODY.encode() in b"".join(record.value for record in kept)


def check_not_in(secrets: list[str], told: list[bytes]) -> None:
    """Not even the first or the last third of it."""
    for secret in secrets:
        for part in (secret[:20], secret[-20:]):
            for text in told:
                at = text.find(part.encode())
                assert at < 0, text[max(0, at - 200) : at + 80]
