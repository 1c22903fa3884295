"""Private feeds over real connections, and every command of docs/partners.md as it stands there."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.system.newsroom import PATIENCE, Newsroom, article, wait_for
from tests.system.project import ROOT
from tests.system.test_cms import Desk
from tests.system.test_docs import blocks
from wireroom.document import generation_of

DOCUMENT = ROOT / "docs/partners.md"
[SETTINGS] = re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)
PATH = "/private/feeds/morning-post/wire.json"
STORY = article("2031-04-07-bridge", publication="morning-post")


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def get(host: str, path: str, key: str = "") -> Answer:
    """One request over a connection of its own."""
    with closing(http.client.HTTPConnection(host, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


class Server(Desk):
    """`wireroom up` with the settings of the document."""

    def get(self, path: str, key: str = "") -> "Answer":
        return get(f"127.0.0.1:{self.port}", path, key)

    def raw(self, head: bytes) -> bytes:
        """What comes back for bytes as they are, until the connection ends."""
        with closing(socket.create_connection(("127.0.0.1", int(self.port)), timeout=PATIENCE)) as connection:
            connection.sendall(head)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def key(self) -> str:
        return str(json.loads(self.run("keys", "create", "--partner", "northern-radio", "--json"))["key"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("partners"))
    (found.folder / "wireroom.yaml").write_text(SETTINGS)
    found.publish(STORY)
    with found.up() as address:
        found.port = str(urlsplit(address).port)
        wait_for(lambda: found.titles(PATH[1:]))
        yield found


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.key()


def test_every_command_of_the_document(server: Server) -> None:
    for block in blocks(DOCUMENT):
        server.show("\n".join(block.commands))
    server.show('test -s wire.rss && test "$(head -c 5 wire.rss)" = "<?xml"')


def test_a_revoked_key_is_refused_without_a_restart(server: Server, key: str) -> None:
    first, second = server.key(), key
    assert [server.get(PATH, key).status for key in (first, second)] == [200, 200]
    server.run("keys", "revoke", first)
    wait_for(lambda: server.get(PATH, first).status == 401)
    refused = server.get(f"/private/{first}/feeds/morning-post/wire.json")
    assert (refused.status, refused.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert server.get(PATH, second).status == 200


SPELLINGS = [
    PATH,
    "/private/", "//private/feeds/morning-post/wire.json", "/./private/feeds/morning-post/wire.json",
    "/%70rivate/feeds/morning-post/wire.json", "/feeds/../private/feeds/morning-post/wire.json",
    "/feeds/%2e%2e/private/feeds/morning-post/wire.json", "/private%2Ffeeds/morning-post/wire.json",
    "/editions/_keys/partners.json", "/private/../editions/_keys/partners.json", "/%65ditions/_keys/partners.json",
    "/feeds/..%2f..%2feditions/_keys/partners.json", "/feeds/morning-post/wire.json",
    "/feeds/morning-post/wire.rss", "/private/feeds/morning-post/wire.json?key=x",
    "/private/feeds/morning-post/wire.json%00.rss", "http://127.0.0.1/private/feeds/morning-post/wire.json",
    "/PRIVATE/feeds/morning-post/wire.json",
]  # fmt: skip


def test_no_spelling_of_what_is_private_opens_it(server: Server, key: str) -> None:
    assert b"bridge" in server.get(PATH, key).body, "it is there"
    for target in SPELLINGS:
        answer = server.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 (400|401|404) ", answer), (target, answer[:200])
        assert b"bridge" not in answer
        assert b"digest" not in answer


def test_a_second_request_inside_the_first_gets_no_further(server: Server, key: str) -> None:
    """Lengths that contradict each other must not let a request through behind another one's key."""
    inner = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for lengths in (
        f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked",
        "Content-Length: 0\r\nContent-Length: 5",
    ):
        head = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n{lengths}\r\n\r\n{inner}"
        answers = server.raw(head.encode()).split(b"HTTP/1.1 ")[1:]
        assert sum(answer.startswith(b"200") for answer in answers) <= 1, "the second one has no key"


def test_no_page_names_a_private_feed(server: Server) -> None:
    for path in ("/", "/robots.txt", "/sitemaps/morning-post/news.xml", "/feeds/morning-post/latest.json"):
        answer = server.get(path)
        assert answer.status == 200
        assert b"private" not in answer.body
        assert not re.search(rb"(?i)wire(?!room)", answer.body)


def test_no_secret_lies_in_the_store_or_stands_in_what_was_printed(server: Server, key: str) -> None:
    for path in (PATH, f"/private/{key}/feeds/morning-post/wire.json", f"/private/{key}/no", f"/private/{key}0/x"):
        server.get(path)
        server.get(path, key)
    told = server.run("partners", "report", "--json") + server.run("partners", "list") + server.run("keys", "list")
    secret = key.rpartition("_")[2]
    assert secret not in told + server.output()
    held = [path for path in (server.folder / "data").rglob("*") if path.is_file()]
    assert held
    assert not [path for path in held if secret.encode() in path.read_bytes()]


def test_what_was_asked_before_the_end_is_in_the_report(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    (tmp_path / "wireroom.yaml").write_text(SETTINGS)
    newsroom.publish(STORY)
    newsroom.run("worker", "feeds", "--drain")
    key = json.loads(newsroom.run("keys", "create", "--partner", "northern-radio", "--json"))["key"]
    with newsroom.running("serve", "--port", "0"):
        answer = get(urlsplit(wait_for(newsroom.address)).netloc, PATH, key)
    [row] = json.loads(newsroom.run("partners", "report", "--json"))["documents"]
    assert (row["document"], row["last"]["etag"]) == (PATH[1:], answer.headers["ETag"])
    assert (row["held"]["generation"], row["held"]["bytes"]) == (generation_of(answer.body), len(answer.body))
