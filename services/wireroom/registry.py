"""A schema registry over HTTP, by Confluent's interface: schemas by number, and the versions of each subject.

What it answers is data from outside: bounded in size and time, and judged by whoever uses it.
"""

import base64
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from urllib3 import PoolManager, Timeout
from urllib3 import exceptions as http

from wireroom.config import RegistrySettings
from wireroom.errors import Red, RetryAfter
from wireroom.http_body import read_body

CONNECT, READ, WHOLE = 2.0, 5.0, 8.0  # seconds for a connection, for silence, for all of an answer's body
REST = 15.0  # seconds for which a worker asks no more after it did not answer
LARGEST = 1_000_000  # bytes of an answer; our schemas take ten thousand
_WHO = "the schema registry"
_TYPE = "application/vnd.schemaregistry.v1+json"
_UNWELL = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_NOBODY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NONE = "set registry.url to the address of a registry, with the path of its Confluent interface"


class _Refused(ValueError):
    """The registry keeps rules of its own, and what was sent breaks them."""


class SchemaRegistry:
    """Any number of threads may use the same one. Every method raises RetryAfter, and Red for settings that are wrong.

    A request is sent once, and follows no redirection: credentials go where they are meant to.
    """

    def __init__(self, settings: RegistrySettings) -> None:
        """Open `settings.url`, which must be given; nothing is sent yet."""
        self._url = (settings.url or "").rstrip("/")
        self._rest_until = 0.0
        self._http = PoolManager(
            timeout=Timeout(connect=CONNECT, read=READ), headers=_headers(settings), ca_certs=settings.ca
        )

    def schema(self, number: int) -> object | None:
        """The schema with a number, as JSON; None when there is none. Raises ValueError when it is none of Avro's.

        A registry that did not answer is left alone for a while: who asks has other things to do.
        """
        if (seconds := self._rest_until - time.monotonic()) > 0:
            raise RetryAfter("the schema registry did not answer just now", seconds)
        try:
            answer = self._ask("GET", f"/schemas/ids/{number}")
        except RetryAfter as unwell:
            self._rest_until = time.monotonic() + REST
            raise RetryAfter(str(unwell), REST) from unwell
        return None if answer is None else _schema(answer)

    def versions(self, subject: str) -> dict[int, object]:
        """Every version of a subject, none when there is no such subject. Raises ValueError as `schema` does."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        found = self._ask("GET", path)
        if found is None:
            return {}
        if not isinstance(found, list) or not all(type(number) is int for number in found):
            raise Red(f"{self._url} lists no versions of {subject}", _NONE)
        answers = {number: self._ask("GET", f"{path}/{number}") for number in found}
        return {number: _schema(answer) for number, answer in answers.items() if answer is not None}

    def register(self, subject: str, schema: object) -> str | None:
        """Add a version to a subject, unless it has it already; why the registry refuses it, None when it does not."""
        body = json.dumps({"schemaType": "AVRO", "schema": json.dumps(schema, ensure_ascii=False)})
        try:
            self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", body)
        except _Refused as refused:
            return str(refused)
        return None

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:  # noqa: ANN401  # whatever it answers
        """What it answers; None for what there is not."""
        try:
            answer = self._http.request(
                method, self._url + path, body, redirect=False, retries=False, preload_content=False
            )
            try:
                text = read_body(answer, _WHO, LARGEST, time.monotonic() + WHOLE)
            finally:
                answer.close()
        except (http.HTTPError, ValueError) as error:  # ValueError: headers cut short
            raise RetryAfter(f"the schema registry does not answer: {error}", 5.0) from error
        if len(text) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        return self._judged(answer.status, text)

    def _judged(self, status: int, text: bytes) -> Any:  # noqa: ANN401  # whatever it answers
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _UNWELL:
            raise RetryAfter(f"the schema registry is unwell: {status}", 5.0)
        if status in _NOBODY:
            raise Red(f"the schema registry refuses us: {status}", "mend registry.user and password, or registry.token")
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Red(f"what answers {status} at {self._url} is no schema registry", _NONE) from error
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if status == HTTPStatus.NOT_FOUND and code in (40401, 40402, 40403):  # no subject, version, schema
            return None
        if status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise _Refused(str(answer.get("message") if isinstance(answer, dict) else answer)[:1000])
        if status != HTTPStatus.OK:
            raise Red(f"{self._url} answers {status}", _NONE)
        return answer


def _headers(settings: RegistrySettings) -> Mapping[str, str]:
    headers = {"Accept": f"{_TYPE}, application/json", "Content-Type": _TYPE}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
    elif settings.user:
        password = settings.password.get_secret_value() if settings.password else ""
        pair = base64.b64encode(f"{settings.user}:{password}".encode()).decode()  # RFC 7617
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _schema(answer: object) -> object:
    """The schema in an answer. Raises ValueError."""
    if not isinstance(answer, dict) or not isinstance(text := answer.get("schema"), str):
        raise ValueError("an answer without a schema")
    if answer.get("schemaType", "AVRO") != "AVRO" or answer.get("references"):
        raise ValueError("no Avro schema that is whole in itself")
    try:
        return _as_json(text)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _as_json(text: str) -> object:
    return json.loads(text) if text[:1] in ("{", "[", '"') else text
