"""A real broker with a door for each way to be sure who speaks."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from tests.servers import free_port
from tests.servers.certificates import Authority, Certificate
from tests.servers.kafka import PASSWORD, Broker
from tests.servers.scripted import Request, reply

USER = "worker"
DOORS = ("TLS", "MUTUAL", "SASL", "EXPIRED", "ELSEWHERE")
OAUTH = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
PROPERTIES = f"""ssl.truststore.type=PEM
ssl.truststore.location={{ca}}
ssl.keystore.type=PEM
ssl.keystore.location={{good}}
listener.name.mutual.ssl.client.auth=required
listener.name.expired.ssl.keystore.location={{expired}}
listener.name.elsewhere.ssl.keystore.location={{elsewhere}}
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={PLAIN} user_{USER}="{PASSWORD}";
listener.name.sasl.scram-sha-256.sasl.jaas.config={SCRAM};
listener.name.sasl.scram-sha-512.sasl.jaas.config={SCRAM};
listener.name.sasl.oauthbearer.sasl.jaas.config={OAUTH} unsecuredLoginStringClaim_sub="broker";
"""


class SecuredBroker(Broker):
    """`settings` of each door are those of somebody who is let in; behind the first one, `url`, all are."""

    def __init__(self, folder: Path) -> None:
        ours = Authority(folder, "ours")
        signed = {
            "good": ours.sign("good", "127.0.0.1"),
            "expired": ours.sign("expired", "127.0.0.1", days=-1),
            "elsewhere": ours.sign("elsewhere", "elsewhere.example"),
        }
        self.authority, self.client = ours.certificate, ours.sign("client", "client.example")
        self.stranger: Certificate = Authority(folder, "strangers").sign("stranger", "client.example")
        self.ports = {door: free_port() for door in DOORS}
        super().__init__(folder, more=self._more(signed))
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            self._format += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]

    def _more(self, signed: Mapping[str, Certificate]) -> str:
        doors = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        kinds = ",".join(f"{name}:{'SASL_SSL' if name == 'SASL' else 'SSL'}" for name in DOORS)
        listeners = (
            f"listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}},{doors}\n"
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},{doors}\n"
            f"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{kinds}\n"
        )
        files = {name: certificate.both for name, certificate in signed.items()}
        return listeners + PROPERTIES.format(ca=self.authority, **files)


def issue(request: Request) -> bytes:
    """What a token server answers: an unsecured JWT (RFC 7519, 6), which the broker takes, for whom it knows."""
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request.headers.get("authorization") != f"Basic {pair}":
        return reply(401, b'{"error": "invalid_client"}', Content_Type="application/json")
    claims = {"sub": USER, "iat": 1_700_000_000, "exp": 4_000_000_000}
    token = f"{_part({'alg': 'none'})}.{_part(claims)}."
    return reply(200, json.dumps({"access_token": token, "expires_in": 60}).encode(), Content_Type="application/json")


def _part(claims: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
