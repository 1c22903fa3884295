"""A store in a bucket: one object for each key, every write conditional, sent once.

Objects are put by botocore's signer and urllib3, for boto3's own way takes nearly twice the time; all else goes
through boto3. Neither repeats anything by itself: a write that is repeated refuses itself.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from io import BytesIO
from random import uniform
from typing import Any, TypeVar

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    ProxyConnectionError,
)
from botocore.httpsession import get_cert_path
from botocore.parsers import ResponseParserError
from botocore.session import Session
from botocore.utils import get_environ_proxies
from urllib3 import PoolManager, ProxyManager, Timeout
from urllib3 import exceptions as http

from wireroom.errors import OutcomeUnknown, Red, RetryAfter
from wireroom.s3_url import S3Url
from wireroom.store import Metadata, Stored
from wireroom.store.naming import checked, is_key
from wireroom.store.s3_answers import Answer, error_document, of_read, of_write, whole_etag
from wireroom.store.s3_circuit import Circuit
from wireroom.store.s3_time import ServerTime, parsed

CONNECT, READ = 2, 5  # seconds
_CONNECTIONS = 32
_LARGE = 100_000  # bytes; above, each block has its own time to be sent: a socket's time is that of all its bytes
_TRIES = 3  # of a read
_PATIENCE = 1.0  # seconds after which a read is not tried again: whoever waits has other things to do
_AGENT = f"wireroom/{version('wireroom')}"
_NOTHING_SENT = (
    *(EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, CredentialRetrievalError),
    *(http.NewConnectionError, http.ConnectTimeoutError, http.ProxyError),
)
_NO_WHOLE_ANSWER = (BotoCoreError, ResponseParserError, http.HTTPError, ValueError)  # ValueError: headers cut short
_NO_CREDENTIALS = Red(
    "there are no credentials for the store",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or anything else that boto3 finds",
)

T = TypeVar("T")
Reply = tuple[Answer, Any]


class S3Store:
    """Keeps each object in a bucket. Any number of threads, processes and machines may use the same one."""

    near = False

    def __init__(self, url: S3Url) -> None:
        """Open; nothing is sent yet. Raises Red when there are no credentials."""
        session = Session()
        self._bucket, self._prefix = url.bucket, url.prefix
        self._region = url.region or session.get_config_variable("region") or "us-east-1"
        self._credentials = session.get_credentials()
        if self._credentials is None:
            raise _NO_CREDENTIALS
        authority = get_cert_path(url.ca or session.get_config_variable("ca_bundle") or True)
        self._s3 = _client(session, url, self._region, authority)
        signed = self._s3.generate_presigned_url("put_object", {"Bucket": url.bucket, "Key": f"{url.prefix}-"})
        self._address = signed.partition("?")[0][:-1]  # of the prefix: boto3 knows how AWS names its hosts
        self._connections = _connections(self._address, authority)
        self._circuit = Circuit()
        self._time = ServerTime()

    def get(self, key: str) -> Stored | None:
        """The object, never torn; None when there is none. Raises RetryAfter, Red."""
        what = {"Bucket": self._bucket, "Key": self._prefix + checked(key)}
        return self._read(key, _stored, lambda: _with_body(self._s3.get_object(**what)))

    def refresh(self, key: str, known: Stored) -> Stored | None:
        """The object; `known` itself, which is not sent again, while it lies there. Raises as `get` does."""
        what = {"Bucket": self._bucket, "Key": self._prefix + checked(key), "IfNoneMatch": known.etag}
        return self._read(key, _stored, lambda: _with_body(self._s3.get_object(**what)), known)

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        """Create or replace; the new ETag, once the store has told it.

        Raises Conflict; RetryAfter when nothing was written; OutcomeUnknown when no whole answer came; Red for what
        only a person can mend.
        """
        request = AWSRequest("PUT", self._address + checked(key), _headers(metadata, if_match), body)
        answer, _ = self._ask(key, lambda: self._send(request), OutcomeUnknown)
        if 200 <= answer.status < 300 and (etag := whole_etag(answer.headers)):
            return etag
        raise of_write(answer, key)

    def delete(self, key: str, if_match: str) -> None:
        """Remove the state with this ETag, where the server minds If-Match here too. Raises as `put` does."""
        what = {"Bucket": self._bucket, "Key": self._prefix + checked(key), "IfMatch": if_match}
        answer, _ = self._ask(key, lambda: _reply(lambda: self._s3.delete_object(**what)), OutcomeUnknown)
        if answer.status != 204:
            raise of_write(answer, key)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, sorted. Raises RetryAfter, also half-way, Red."""
        page: Mapping[str, Any] = {"IsTruncated": True}
        while page["IsTruncated"]:
            page = self._page(prefix, page.get("NextContinuationToken"))
            names = (listed["Key"].removeprefix(self._prefix) for listed in page.get("Contents", ()))
            yield from filter(is_key, names)

    def now(self) -> int:
        """The store's time in microseconds since the epoch: what its last answer said, and what has passed since."""
        if self._time.now() is None:
            self._page("", None, limit=1)
        if (now := self._time.now()) is None:
            raise Red("the store tells no time", "let its answers carry a Date: a proxy may have taken it away")
        return now

    def _page(self, prefix: str, after: str | None, limit: int = 1000) -> Mapping[str, Any]:
        what = {"Bucket": self._bucket, "Prefix": self._prefix + prefix, "MaxKeys": limit}
        if after:
            what["ContinuationToken"] = after
        found = self._read(f"{prefix}*", _listed, lambda: self._s3.list_objects_v2(**what))
        assert found is not None  # NoSuchKey is no answer to it
        return found

    def _read(
        self, key: str, take: Callable[[Any], T | None], call: Callable[[], Any], known: T | None = None
    ) -> T | None:
        """What `take` makes of an answer that came whole, or `known`, which was not modified; None for no such object.

        Tried again when that is quick.
        """
        start = time.monotonic()
        for tries in range(1, _TRIES + 1):
            try:
                return self._read_once(key, take, call, known)
            except RetryAfter:
                if tries == _TRIES or time.monotonic() - start > _PATIENCE:
                    raise
            time.sleep(uniform(0, 0.1 * 2**tries))
        raise AssertionError("the last try returns or raises")

    def _read_once(
        self, key: str, take: Callable[[Any], T | None], call: Callable[[], Any], known: T | None
    ) -> T | None:
        answer, result = self._ask(key, lambda: _reply(call), RetryAfter)
        if answer.status == 404 and answer.code == "NoSuchKey":
            return None
        if answer.status == 304 and known is not None:
            return known
        found = take(result) if answer.status == 200 else None
        if found is None:
            raise of_read(answer, key)
        return found

    def _send(self, request: AWSRequest) -> Reply:
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        headers = dict(request.headers.items()) | {"Content-Length": str(len(request.data))}
        body = BytesIO(request.data) if len(request.data) > _LARGE else request.data
        response = self._connections.urlopen("PUT", request.url, body=body, headers=headers)
        told = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, told, error_document(response.data)), None

    def _ask(self, key: str, send: Callable[[], Reply], unknown: type[RetryAfter]) -> Reply:
        """Send one request, once. Raises RetryAfter when nothing was sent, `unknown` when no whole answer came."""
        self._circuit.enter()
        well = False
        try:
            answer, result = send()
            well = answer.well
        except _NOTHING_SENT as error:
            raise RetryAfter(f"cannot reach the store for {key}: {error}") from error
        except _NO_WHOLE_ANSWER as error:
            raise _untrusted(error) or unknown(f"no whole answer about {key}: {error}") from error
        finally:
            self._circuit.leave(well)
        self._time.saw(answer.headers.get("date"))
        return answer, result


def _client(session: Session, url: S3Url, region: str, authority: str) -> Any:  # noqa: ANN401  # boto3 makes its classes
    config = Config(
        user_agent=_AGENT,
        connect_timeout=CONNECT,
        read_timeout=READ,
        retries={"total_max_attempts": 1},
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": "path" if url.path_style else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client = boto3.Session(botocore_session=session).client(
        "s3", region_name=region, endpoint_url=url.endpoint, verify=authority, config=config
    )
    client.meta.events.register("before-call.s3", _stay)
    return client


def _stay(params: Mapping[str, Any], **_: object) -> None:
    """Say that a redirect was followed already: boto3 would send a write again, or ask for the region without end."""
    params["context"]["s3_redirect"]["redirected"] = True


def _connections(address: str, authority: str) -> PoolManager:
    options: dict[str, Any] = {
        "timeout": Timeout(connect=CONNECT, read=READ),
        "maxsize": _CONNECTIONS,
        "retries": False,
        "ca_certs": authority,
    }
    proxy = get_environ_proxies(address).get(address.partition(":")[0])
    return ProxyManager(proxy, **options) if proxy else PoolManager(**options)


def _headers(metadata: Metadata, if_match: str | None) -> Mapping[str, str]:
    headers = {
        "User-Agent": _AGENT,
        "Content-Type": metadata.media_type,
        "Cache-Control": metadata.cache_control,
        "Content-Language": metadata.language,
        "If-Match": if_match or "",
        "If-None-Match": "" if if_match else "*",
    }
    headers.update({f"x-amz-meta-{name}": value for name, value in metadata.user.items()})
    return {name: value for name, value in headers.items() if value}


def _reply(call: Callable[[], Any]) -> Reply:
    """What boto3 returned or raised, as an answer."""
    try:
        result = call()
    except ClientError as error:
        result = error.response
    told = result["ResponseMetadata"]
    return Answer(told["HTTPStatusCode"], told["HTTPHeaders"], result.get("Error", {})), result


def _with_body(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "Body": result["Body"].read()}


def _stored(result: Mapping[str, Any]) -> Stored | None:
    """The object; None when the answer was cut short."""
    headers = result["ResponseMetadata"]["HTTPHeaders"]
    etag, modified = whole_etag(headers), parsed(headers.get("last-modified", ""))
    if etag is None or modified is None or result.get("ContentLength") != len(result["Body"]):
        return None
    return Stored(result["Body"], etag, modified)


def _listed(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return result if "IsTruncated" in result else None


def _untrusted(error: Exception) -> Red | None:
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return None
    return Red(
        f"the store's certificate is not trusted: {error}",
        "name the file of its authority: s3://…?ca=/path, or AWS_CA_BUNDLE",
    )
