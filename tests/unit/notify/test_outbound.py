"""Requests to servers that answer in every wrong way."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from threading import Event, Thread

import pytest

from tests.servers.certificates import Certificate, self_signed
from tests.servers.scripted import RESET, SILENCE, Scripted, reply
from wireroom.errors import Reject, RetryAfter
from wireroom.notify.outbound import HEAD, Answer, Outbound
from wireroom.notify.target import Network

LOOPBACK: list[Network] = [ip_network("127.0.0.0/8")]
SHORT = 0.3  # seconds, where a test waits for the end of them


def known(*addresses: str) -> Callable[[str], Sequence[str]]:
    """A look-up that always says the same."""
    return lambda host: addresses


def ask(server: Scripted, seconds: float = 10, most: int = 0, path: str = "/in") -> Answer:
    outbound = Outbound(LOOPBACK, known("127.0.0.1"))
    return outbound.send("POST", f"http://partner.example:{server.port}{path}", {}, b"body", seconds=seconds, most=most)


def test_a_request_as_it_was_meant() -> None:
    with Scripted(reply(202, b"thanks", X_Seen="1")) as server:
        outbound = Outbound(LOOPBACK, known("127.0.0.1"))
        url = f"http://partner.example:{server.port}/in?x=%20"
        answer = outbound.send("POST", url, {"Content-Type": "text/plain"}, b"body" * 100_000, most=100)
    (request,) = server.requests
    assert (request.method, request.path, len(request.body)) == ("POST", "/in?x=%20", 400_000)
    assert request.headers["host"] == f"partner.example:{server.port}"
    assert request.headers["content-type"] == "text/plain"
    assert request.headers["user-agent"].startswith("wireroom/")
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (202, b"thanks", "1")


def test_a_body_is_read_as_far_as_it_is_wanted() -> None:
    with Scripted(reply(200, b"0123456789")) as server:
        assert [ask(server, most=most).body for most in (0, 4, 10, 11)] == [b"", b"0123", b"0123456789", b"0123456789"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_told_and_not_followed(status: int) -> None:
    with Scripted(lambda request: reply(status, Location=f"http://127.0.0.1:{server.port}/elsewhere")) as server:
        assert ask(server).status == status
    assert [request.path for request in server.requests] == ["/in"]


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(reply(200)) as proxy, Scripted(reply(204)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ask(server).status == 204
    assert proxy.requests == []


def test_a_name_with_a_private_address_is_not_asked() -> None:
    with Scripted(reply(200)) as server, pytest.raises(Reject, match=r"at 127\.0\.0\.1"):
        Outbound([], known("8.8.8.8", "127.0.0.1")).send("GET", f"https://partner.example:{server.port}/", {})
    assert server.requests == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/"]
)
def test_an_address_that_is_private_is_not_asked(url: str) -> None:
    with pytest.raises(Reject, match="a public address"):
        Outbound([]).send("GET", url, {})


def test_localhost_by_the_machines_own_look_up() -> None:
    with pytest.raises(Reject, match=r"localhost at (127\.0\.0\.1|::1)"):
        Outbound([]).send("GET", "https://localhost/", {})


def test_a_name_is_looked_up_once_and_that_address_is_asked() -> None:
    told = iter([["127.0.0.2"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return next(told)

    with Scripted(reply(200)) as server, pytest.raises(RetryAfter, match="refused"):
        # Nothing listens at the first address; the server does at the second.
        Outbound(LOOPBACK, rebinding).send("GET", f"http://partner.example:{server.port}/", {})
    assert asked == ["partner.example"]
    assert server.requests == []


def test_the_next_address_when_the_first_does_not_answer() -> None:
    with Scripted(reply(200)) as server:
        outbound = Outbound(LOOPBACK, known("127.0.0.2", "127.0.0.1"))
        assert outbound.send("GET", f"http://partner.example:{server.port}/", {}).status == 200


def test_what_can_be_told_without_a_look_up() -> None:
    nowhere = Outbound([], lambda host: pytest.fail("a look-up"))
    nowhere.check("https://partner.example/")
    nowhere.check("https://8.8.8.8/")
    for url in ("https://10.0.0.1/", "http://8.8.8.8/", "http://partner.example/", "ftp://partner.example/"):
        with pytest.raises(Reject):
            nowhere.check(url)
    Outbound(LOOPBACK).check("http://partner.example/")


def test_a_question_has_no_body() -> None:
    with Scripted(reply(200)) as server:
        Outbound(LOOPBACK, known("127.0.0.1")).send("GET", f"http://partner.example:{server.port}/", {})
        ask(server)
    assert [request.headers.get("content-length") for request in server.requests] == [None, "4"]


def test_a_name_without_address() -> None:
    def unknown(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(RetryAfter, match="no address"):
        Outbound([], unknown).send("GET", "https://partner.example/", {})


def test_a_look_up_that_takes_too_long() -> None:
    ended = Event()

    def slow(host: str) -> list[str]:
        ended.wait()
        return []

    with pytest.raises(RetryAfter, match="no answer within"):
        Outbound([], slow).send("GET", "https://partner.example/", {}, seconds=SHORT)
    ended.set()


@pytest.mark.parametrize(
    "said",
    [
        RESET,
        b"",
        b"HTTP/1.1 200",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEAD + 100_000) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_answers_that_are_none(said: bytes) -> None:
    with Scripted(said) as server, pytest.raises(RetryAfter, match=r"partner\.example") as raised:
        ask(server, most=100)
    assert len(str(raised.value)) <= 200


@contextmanager
def dripping(head: bytes, drop: bytes) -> Iterator[int]:
    """A server that says `head`, and then `drop` again and again, fast enough for any time-out of a single read."""
    ended = Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(head)
                while not ended.wait(0.02):
                    connection.sendall(drop)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"."),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
    ],
)
def test_the_deadline_is_for_all_of_it(head: bytes, drop: bytes) -> None:
    with dripping(head, drop) as port, pytest.raises(RetryAfter, match="no answer within"):
        Outbound(LOOPBACK, known("127.0.0.1")).send(
            "GET", f"http://partner.example:{port}/", {}, seconds=SHORT, most=1_000
        )


def test_a_server_that_says_nothing() -> None:
    with Scripted(SILENCE) as server, pytest.raises(RetryAfter, match="no answer within"):
        ask(server, seconds=SHORT)


def test_a_huge_answer_is_not_read() -> None:
    sent = 0

    def serve() -> None:
        nonlocal sent
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while sent < 2**30:
                    sent += connection.send(b"x" * 65_536)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        outbound = Outbound(LOOPBACK, known("127.0.0.1"))
        answer = outbound.send("GET", f"http://partner.example:{listener.getsockname()[1]}/", {}, most=1_000)
        thread.join()
    assert answer.body == b"x" * 1_000
    assert sent < 2**25


def test_an_answer_before_the_body_was_taken() -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        url = f"http://partner.example:{listener.getsockname()[1]}/"
        assert Outbound(LOOPBACK, known("127.0.0.1")).send("POST", url, {}, b"x" * 1_000_000).status == 410
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), "partner.example")


@contextmanager
def secure(certificate: Certificate) -> Iterator[tuple[int, list[str | None], list[bytes]]]:
    """A server with TLS: its port, the names that it was asked for, and what it heard."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.both)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, inside: names.append(name)
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                heard.append(wrapped.recv(65_536))
                wrapped.sendall(reply(200, b"secure"))
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], names, heard
        thread.join()


def test_tls_asks_for_the_name_at_the_address(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with secure(certificate) as (port, names, heard):
        answer = Outbound(LOOPBACK, known("127.0.0.1")).send("GET", f"https://partner.example:{port}/", {}, most=10)
    assert (answer.status, answer.body) == (200, b"secure")
    assert names == ["partner.example"]
    assert f"partner.example:{port}".encode() in heard[0]


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_hears_nothing(
    host: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with secure(certificate) as (port, _, heard), pytest.raises(RetryAfter, match="CERTIFICATE_VERIFY_FAILED"):
        Outbound(LOOPBACK, known("127.0.0.1")).send("GET", f"https://{host}:{port}/", {})
    assert heard == []


def test_a_certificate_that_nobody_trusts_hears_nothing(certificate: Certificate) -> None:
    with secure(certificate) as (port, _, heard), pytest.raises(RetryAfter, match="CERTIFICATE_VERIFY_FAILED"):
        Outbound(LOOPBACK, known("127.0.0.1")).send("GET", f"https://partner.example:{port}/", {})
    assert heard == []


def test_a_handshake_that_never_ends() -> None:
    with (
        dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03") as port,
        pytest.raises(RetryAfter, match="no answer within"),
    ):
        Outbound(LOOPBACK, known("127.0.0.1")).send("GET", f"https://partner.example:{port}/", {}, seconds=SHORT)
