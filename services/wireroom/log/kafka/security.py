"""How the brokers are reached: the settings, as kafka-python takes them."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wireroom.config import Security
from wireroom.errors import ConfigurationError, Fault, Red, RetryAfter
from wireroom.log.kafka.library import Connection

TIMEOUT = 5.0  # seconds to wait for a token
REFUSALS = (400, 401, 403)  # what a client that is not known, or may not, is told (RFC 6749, 5.2)
EARLY = 0.8  # part of its life after which a token is replaced


def connection(brokers: Sequence[str], security: Security) -> Connection:
    """How these brokers are reached. Raises ConfigurationError for files that cannot be read."""
    if faults := list(_unreadable(security)):
        raise ConfigurationError(faults)
    return Connection(brokers, options(security), token_source(security))


def _unreadable(security: Security) -> Iterator[Fault]:
    """Files that are named and cannot be read: kafka-python would only say that no broker answers."""
    for name in ("ca", "certificate", "key"):
        path = getattr(security, name)
        try:
            if path is not None:
                Path(path).read_bytes()
        except OSError as error:
            yield Fault(f"log.security.{name}", f"{path}: {error.strerror}", "a PEM file that can be read")


def options(security: Security) -> Mapping[str, object]:
    """The options of kafka-python's clients."""
    transport = "SSL" if security.tls else "PLAINTEXT"
    found: dict[str, object] = {"security_protocol": transport}
    if security.tls:
        found |= {
            "ssl_cafile": security.ca,
            "ssl_certfile": security.certificate,
            "ssl_keyfile": security.key,
            "ssl_password": security.key_password and security.key_password.get_secret_value(),
        }
    if security.mechanism:
        found |= {"security_protocol": f"SASL_{transport}", "sasl_mechanism": security.mechanism}
    if security.mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        found |= {"sasl_plain_username": security.user, "sasl_plain_password": _password(security)}
    return found


def token_source(security: Security) -> Callable[[], str] | None:
    """What gives the token of OAUTHBEARER each time that a connection is made."""
    if security.mechanism != "OAUTHBEARER":
        return None
    if security.token:
        return partial(_kept, Path(security.token))
    return ClientCredentials(security.token_url or "", security.user or "", _password(security))


def _kept(file: Path) -> str:
    """The token that another program keeps in a file."""
    try:
        return file.read_text().strip()
    except OSError as error:
        raise RetryAfter(f"there is no token in the file that `log.security.token` names: {error}") from error


def _password(security: Security) -> str:
    return security.password.get_secret_value() if security.password else ""


class ClientCredentials:
    """Tokens for a client's id and secret (RFC 6749, 4.4); one is kept for most of its life."""

    def __init__(self, url: str, client: str, secret: str) -> None:
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        self._request = urllib.request.Request(
            url,
            data=b"grant_type=client_credentials",
            headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
        )
        self._token = ""
        self._replace_at = 0.0

    def __call__(self) -> str:
        """A token that is good for a while. Raises RetryAfter, and Red when this client gets none."""
        if time.monotonic() >= self._replace_at:
            found = self._ask()
            self._token = found["access_token"]
            self._replace_at = time.monotonic() + EARLY * found.get("expires_in", 60)
        return self._token

    def _ask(self) -> Mapping[str, Any]:
        whence = f"{self._request.full_url} (`log.security.token_url`)"
        try:
            with urllib.request.urlopen(self._request, timeout=TIMEOUT) as answer:
                found: Mapping[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in REFUSALS:
                remedy = "mend `log.security.user` and `log.security.password`"
                raise Red(f"{whence} gives us no token: {error}", remedy) from error
            raise RetryAfter(f"{whence} gives no token: {error}") from error
        except (OSError, ValueError) as error:
            raise RetryAfter(f"{whence} gives no token: {error}") from error
