"""Whom the client trusts: whoever this machine trusts, by the right name, and nobody else."""

import ssl
from socket import create_server, socket
from threading import Thread

import pytest

from tests.servers.certificates import Certificate, self_signed
from tests.servers.ingest import KEY
from tests.unit.events import put
from wireroom.client.service import Service, as_json
from wireroom.errors import ConfigurationError, RetryAfter, WireroomError
from wireroom.log import ARTICLES

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\nContent-Length: 70\r\n\r\n"
    b'{"line":1,"status":202,"topic":"articles","partition":0,"offset":0}\n\n\n'
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost")


def said(certificate: Certificate, host: str) -> tuple[bytes, WireroomError | None]:
    """What a server heard of a client that calls it `host`, and what the client made of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.both)
    heard = b""

    def serve() -> None:
        nonlocal heard
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                while b"\n\n" not in heard and not heard.endswith(b"}\n"):
                    heard += secure.recv(65_536)
                secure.sendall(ANSWER)
        except OSError:
            connection.close()

    with create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=serve)
        server.start()
        error = None
        try:
            Service(f"https://{host}:{listener.getsockname()[1]}/", KEY).append(
                ARTICLES, [as_json(put("a"))], once=True
            )
        except WireroomError as raised:
            error = raised
        server.join()
    return heard, error


def test_a_certificate_that_this_machine_trusts(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    heard, error = said(certificate, "localhost")
    assert error is None
    assert KEY.encode() in heard


def test_one_that_it_does_not_trust_hears_nothing(certificate: Certificate) -> None:
    heard, error = said(certificate, "localhost")
    assert isinstance(error, ConfigurationError)
    assert "not trusted: self-signed certificate" in str(error)
    assert heard == b""


def test_one_for_another_name_hears_nothing(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    heard, error = said(certificate, "127.0.0.1")
    assert isinstance(error, ConfigurationError)
    assert "not valid for '127.0.0.1'" in str(error)
    assert heard == b""


def refuse(listener: socket) -> None:
    with listener.accept()[0] as connection:
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")


def test_https_where_there_is_none_is_away() -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=refuse, args=(listener,))
        server.start()
        service = Service(f"https://127.0.0.1:{listener.getsockname()[1]}/", KEY)
        with pytest.raises(RetryAfter, match="does not answer"):
            service.append(ARTICLES, [as_json(put("a"))], once=True)
        server.join()
