"""The client of a schema registry, against a server that says whatever a test wants."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.servers.scripted import RESET, SILENCE, Request, Scripted, reply
from tests.unit.schema_files import EVENT_SCHEMA
from wireroom import codec, registry
from wireroom.config import RegistrySettings
from wireroom.connect import foreign_events, open_registry
from wireroom.errors import ConfigurationError, Red, RetryAfter
from wireroom.registry import SchemaRegistry

TEXT = json.dumps(EVENT_SCHEMA)


def said(status: int = 200, /, **answer: object) -> bytes:
    return reply(status, json.dumps(answer).encode())


def asked(answer: Callable[[Request], bytes] | bytes, number: int = 7) -> object | None:
    """What the client makes of an answer."""
    with Scripted(answer) as server:
        return SchemaRegistry(RegistrySettings(url=f"http://127.0.0.1:{server.port}")).schema(number)


def test_a_schema_by_its_number() -> None:
    with Scripted(said(schema=TEXT)) as server:
        settings = RegistrySettings(url=f"http://127.0.0.1:{server.port}/apis/ccompat/v7/")
        assert SchemaRegistry(settings).schema(41) == EVENT_SCHEMA
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/apis/ccompat/v7/schemas/ids/41")
    assert "authorization" not in request.headers


@pytest.mark.parametrize("code", [40401, 40402, 40403])
def test_what_there_is_not(code: int) -> None:
    assert asked(said(404, error_code=code, message="not found")) is None


def test_a_schema_may_be_a_bare_name() -> None:
    assert asked(said(schema='"string"')) == asked(said(schema="string")) == "string"


@pytest.mark.parametrize(
    "answer",
    [
        said(schema=TEXT, schemaType="PROTOBUF"),
        said(schema=TEXT, references=[{"name": "x", "subject": "y", "version": 1}]),
        said(schema={"type": "string"}),
        said(id=7),
        said(schema="{"),
        said(schema="[" * 100_000),
        reply(200, b'{"schema": "' + b"x" * registry.LARGEST + b'"}'),
    ],
    ids=["protobuf", "references", "no text", "no schema", "no json", "too deep", "too large"],
)
def test_what_is_no_schema(answer: bytes) -> None:
    with pytest.raises(ValueError):
        asked(answer)


@pytest.mark.parametrize("answer", [reply(500), reply(503), reply(429), reply(408), said(schema=TEXT)[:-9], RESET, b""])
def test_a_registry_that_is_unwell_is_waited_for(answer: bytes) -> None:
    with pytest.raises(RetryAfter, match="schema registry"):
        asked(answer)


def test_an_answer_cut_short_anywhere_is_no_answer() -> None:
    whole = said(schema='"int"')
    for length in range(len(whole)):
        with pytest.raises(RetryAfter):
            asked(whole[:length])


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "READ", 0.1)
    with pytest.raises(RetryAfter, match="does not answer"):
        asked(SILENCE)


def test_an_answer_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "WHOLE", -1.0)
    with pytest.raises(RetryAfter, match="too long"):
        asked(said(schema=TEXT))


def test_nobody_there_is_waited_for() -> None:
    with pytest.raises(RetryAfter, match="does not answer"):
        SchemaRegistry(RegistrySettings(url="http://127.0.0.1:1")).schema(7)


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_refused_must_mend_the_settings(status: int) -> None:
    with pytest.raises(Red, match=r"refuses us.*registry\.user"):
        asked(reply(status))


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"<html>"),
        reply(404, b"<html>"),
        said(404, error_code=404),
        reply(200, b"[" * 100_000),
        said(400, message="x"),
        reply(302, b"{}", Location="http://127.0.0.1:1/"),
    ],
)
def test_what_is_no_registry_must_be_mended(answer: bytes) -> None:
    with pytest.raises(Red, match=r"registry\.url"):
        asked(answer)


def test_who_asks(tmp_path: Path) -> None:
    with Scripted(said(schema='"int"')) as server:
        url = f"http://127.0.0.1:{server.port}"
        secret = SecretStr("pässwörd")
        SchemaRegistry(RegistrySettings(url=url, user="reader", password=secret)).schema(1)
        SchemaRegistry(RegistrySettings(url=url, token=SecretStr("t0ken"))).schema(1)
    first, second = (request.headers["authorization"] for request in server.requests)
    assert base64.b64decode(first.removeprefix("Basic ")).decode() == "reader:pässwörd"
    assert second == "Bearer t0ken"


def test_versions_of_a_subject() -> None:
    def answer(request: Request) -> bytes:
        last = request.path.removeprefix("/subjects/a%2Fb-value/versions")
        return reply(200, b"[1, 3]") if not last else said(schema=f'"{ {"/1": "int", "/3": "long"}[last] }"')

    with Scripted(answer) as server:
        found = SchemaRegistry(RegistrySettings(url=f"http://127.0.0.1:{server.port}")).versions("a/b-value")
    assert found == {1: "int", 3: "long"}


@pytest.mark.parametrize("answer", [b"{}", b"[true]", b'["1"]', b"3"])
def test_versions_that_are_none(answer: bytes) -> None:
    with Scripted(reply(200, answer)) as server, pytest.raises(Red, match="no versions"):
        SchemaRegistry(RegistrySettings(url=f"http://127.0.0.1:{server.port}")).versions("a")


def test_a_subject_that_there_is_not_has_no_versions() -> None:
    with Scripted(said(404, error_code=40401)) as server:
        assert SchemaRegistry(RegistrySettings(url=f"http://127.0.0.1:{server.port}")).versions("a") == {}


def test_registering() -> None:
    with Scripted(said(id=4)) as server:
        client = SchemaRegistry(RegistrySettings(url=f"http://127.0.0.1:{server.port}"))
        assert client.register("articles-value", EVENT_SCHEMA) is None
        server.answer = said(409, error_code=409, message="not compatible")
        assert client.register("articles-value", EVENT_SCHEMA) == "not compatible"
    request = server.requests[0]
    assert (request.method, request.path) == ("POST", "/subjects/articles-value/versions")
    body = json.loads(request.body)
    assert (body["schemaType"], json.loads(body["schema"])) == ("AVRO", EVENT_SCHEMA)


def test_events_are_read_by_a_registry_where_one_is_set() -> None:
    value = b"\0\0\0\0\7"
    with foreign_events(RegistrySettings()):
        assert codec._EVENTS.registry is None
    with Scripted(said(404, error_code=40403)) as server:
        settings = RegistrySettings(url=f"http://127.0.0.1:{server.port}")
        with foreign_events(settings), pytest.raises(codec.UnknownSchema, match="no schema 7"):
            codec.decode(value)
    assert codec._EVENTS.registry is None
    with pytest.raises(ConfigurationError, match=r"registry\.url"):
        open_registry(RegistrySettings())
