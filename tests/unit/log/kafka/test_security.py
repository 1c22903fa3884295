import base64
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from kafka.net.sasl import get_sasl_mechanism
from pydantic import SecretStr

from wireroom.config import Security
from wireroom.log.kafka.security import options, token_source

PASSWORD = SecretStr("p")


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (Security(), {"security_protocol": "PLAINTEXT"}),
        (Security(tls=True, ca="ca.pem"), {"security_protocol": "SSL", "ssl_cafile": "ca.pem"}),
        (
            Security(tls=True, certificate="c.pem", key="k.pem", key_password=PASSWORD),
            {"ssl_certfile": "c.pem", "ssl_keyfile": "k.pem", "ssl_password": "p"},
        ),
        (
            Security(mechanism="PLAIN", user="u", password=PASSWORD),
            {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "PLAIN",
                "sasl_plain_username": "u",
                "sasl_plain_password": "p",
            },
        ),
        (
            Security(tls=True, mechanism="SCRAM-SHA-256", user="u", password=PASSWORD),
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256", "sasl_plain_username": "u"},
        ),
        (
            Security(tls=True, mechanism="AWS_MSK_IAM"),
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"},
        ),
        (Security(mechanism="OAUTHBEARER", token="t"), {"sasl_mechanism": "OAUTHBEARER"}),
    ],
)
def test_settings_become_options(security: Security, expected: dict[str, str]) -> None:
    found = options(security)
    assert {key: found[key] for key in expected} == expected
    if security.mechanism in (None, "OAUTHBEARER", "AWS_MSK_IAM"):
        assert "sasl_plain_password" not in found


def test_a_token_in_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    current = token_source(Security(mechanism="OAUTHBEARER", token=str(file)))
    assert current is not None
    for token in ("one", "two"):
        file.write_text(token + "\n")
        assert current() == token


@pytest.fixture
def issuer() -> Iterator[HTTPServer]:
    class Issues(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.headers["Authorization"], body))
            answer = json.dumps({"access_token": f"token {len(asked)}", "expires_in": 60}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # its name in the library
            pass

    asked: list[tuple[str, bytes]] = []
    with HTTPServer(("127.0.0.1", 0), Issues) as server:
        server.asked = asked  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


def test_a_token_for_a_client_is_kept_for_most_of_its_life(issuer: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{issuer.server_port}/token"
    security = Security(mechanism="OAUTHBEARER", token_url=url, user="me:", password=PASSWORD)
    current = token_source(security)
    assert current is not None
    assert [current(), current()] == ["token 1"] * 2
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    assert current() == "token 2"
    pair = base64.b64encode(b"me%3A:p").decode()
    assert issuer.asked[0] == (f"Basic {pair}", b"grant_type=client_credentials")  # type: ignore[attr-defined]


def test_aws_credentials_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = options(Security(tls=True, mechanism="AWS_MSK_IAM"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    told = {}
    for secret in ("one", "two"):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        mechanism = get_sasl_mechanism(settings["sasl_mechanism"])(host="b-1.example", **settings)
        told[secret] = json.loads(mechanism.auth_bytes())
    assert (told["one"]["host"], told["one"]["action"]) == ("b-1.example", "kafka-cluster:Connect")
    assert re.fullmatch(r"AKIAEXAMPLE/\d{8}/eu-west-1/kafka-cluster/aws4_request", told["one"]["x-amz-credential"])
    assert told["one"]["x-amz-signature"] != told["two"]["x-amz-signature"]
