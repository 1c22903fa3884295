"""`log.security` on a real broker: who is let in, and what everybody else is told."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract.brokered import make_topics
from tests.servers.kafka import PASSWORD
from tests.servers.kafka_secured import USER, SecuredBroker, issue
from tests.servers.scripted import Scripted
from wireroom.config import Security
from wireroom.connect import open_log
from wireroom.errors import ConfigurationError, Red, RetryAfter
from wireroom.log import ARTICLES, Message
from wireroom.log.kafka import library

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with SecuredBroker(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


@pytest.fixture(scope="module")
def prefix(broker: SecuredBroker) -> str:
    return make_topics(broker)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with Scripted(issue) as server:
        yield f"http://127.0.0.1:{server.port}/token"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "BOOTSTRAP", 1_500)


def append(broker: SecuredBroker, prefix: str, door: str, settings: dict[str, Any]) -> None:
    security = Security(**{"tls": True, "ca": str(broker.authority), **settings})
    with closing(open_log(f"kafka://127.0.0.1:{broker.ports[door]}", prefix, True, security)) as log:
        offset = log.append(ARTICLES, [Message("k", b"v")])[0].offset
        assert log.read(log.partition_of(ARTICLES, "k"), offset, 1)[0].value == b"v"


def told(broker: SecuredBroker, prefix: str, door: str, settings: dict[str, Any], kind: type[Exception] = Red) -> str:
    with pytest.raises(kind) as caught:
        append(broker, prefix, door, settings)
    return str(caught.value)


def with_certificate(certificate: Path, key: Path) -> dict[str, str]:
    return {"certificate": str(certificate), "key": str(key)}


def named(mechanism: str, issuer: str, password: str = PASSWORD) -> dict[str, Any]:
    more = {"token_url": issuer} if mechanism == "OAUTHBEARER" else {}
    return {"mechanism": mechanism, "user": USER, "password": password, **more}


def test_tls_with_a_private_authority(broker: SecuredBroker, prefix: str) -> None:
    append(broker, prefix, "TLS", {})
    assert "`log.security.ca`" in told(broker, prefix, "TLS", {"ca": None})


def test_a_certificate_of_ours(broker: SecuredBroker, prefix: str) -> None:
    append(broker, prefix, "MUTUAL", with_certificate(broker.client.certificate, broker.client.key))
    stranger = with_certificate(broker.stranger.certificate, broker.stranger.key)
    for settings in ({}, stranger):
        assert "`log.security.certificate`" in told(broker, prefix, "MUTUAL", settings)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_name_and_a_password(broker: SecuredBroker, prefix: str, issuer: str, mechanism: str) -> None:
    append(broker, prefix, "SASL", named(mechanism, issuer))
    refused = told(broker, prefix, "SASL", named(mechanism, issuer, "wrong-Q7x"))
    assert "`log.security" in refused
    assert "wrong-Q7x" not in refused


@pytest.mark.parametrize(
    ("door", "reason"), [("EXPIRED", "certificate has expired"), ("ELSEWHERE", "not valid for '127.0.0.1'")]
)
def test_a_broker_that_is_not_who_it_should_be(broker: SecuredBroker, prefix: str, door: str, reason: str) -> None:
    refused = told(broker, prefix, door, {})
    assert reason in refused
    assert "`log.url`" in refused


def test_a_mechanism_that_the_broker_does_not_have(broker: SecuredBroker, prefix: str) -> None:
    assert "`log.security.mechanism`" in told(broker, prefix, "SASL", {"mechanism": "AWS_MSK_IAM"})


@pytest.mark.parametrize("door", ["TLS", "SASL"])
def test_a_door_that_is_another_one(broker: SecuredBroker, prefix: str, door: str) -> None:
    """That nobody understands each other may pass: a broker that starts hangs up, too."""
    assert "`log.security` (tls, mechanism)" in told(broker, prefix, door, {"tls": door == "SASL"}, RetryAfter)


def test_tls_to_a_broker_that_has_none(broker: SecuredBroker, prefix: str) -> None:
    with closing(open_log(broker.url, prefix, True, Security(tls=True))) as log, pytest.raises(Exception) as caught:
        log.append(ARTICLES, [Message("k", b"v")])
    assert "`log.security" in str(caught.value)


def test_a_token_server_that_is_away(broker: SecuredBroker, prefix: str) -> None:
    away = told(broker, prefix, "SASL", named("OAUTHBEARER", "http://127.0.0.1:1/token"), RetryAfter)
    assert "`log.security.token_url`" in away


def test_files_that_are_not_there(broker: SecuredBroker, prefix: str) -> None:
    absent = with_certificate(Path("/nowhere/c.pem"), Path("/nowhere/k.pem"))
    faults = told(broker, prefix, "TLS", {"ca": "/nowhere/ca.pem", **absent}, ConfigurationError)
    assert [line.partition(":")[0] for line in faults.splitlines()] == [
        "log.security.ca", "log.security.certificate", "log.security.key",
    ]  # fmt: skip
    no_token = {"mechanism": "OAUTHBEARER", "token": "/nowhere/token"}
    assert "`log.security.token`" in told(broker, prefix, "SASL", no_token, RetryAfter)
