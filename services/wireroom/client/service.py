"""A Wireroom that takes events over HTTP, as who publishes knows it: each is sent until it is there, or time is up."""

import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import Thread

from pydantic import SecretStr
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3 import exceptions as http
from urllib3.util import Retry

from wireroom import __version__
from wireroom.batches import append_all
from wireroom.client.address import check_address
from wireroom.client.answers import NDJSON, Answer, Away, TooLarge, positions, refused_alone
from wireroom.codec import encode
from wireroom.errors import ConfigurationError, Fault, RetryAfter
from wireroom.event import ArticleEvent
from wireroom.faults import MAX_EVENT
from wireroom.http_body import read_body
from wireroom.log import BACKFILL, Message, Position

REQUEST_BYTES = 900_000  # of events in a request: many a proxy takes no more than 1 MB
TIMEOUT = 30.0  # seconds that a call may take
CONNECT, READ = 5.0, 20.0  # seconds for a connection, for silence: within 15 a service says that its log is away
LARGEST = 32_000_000  # bytes of an answer
FIRST, LONGEST = 0.2, 5.0  # seconds between two tries, at first and at last
_LEAST = 0.1  # seconds that any try gets
_PIECE = 65_536
_CONNECTIONS = 16  # kept open; more threads than that open others


def as_json(event: ArticleEvent) -> Message:
    """The message of an event as a line of JSON. Raises Reject when it is over 900,000 bytes of Avro."""
    value = event.model_dump_json(exclude_defaults=True).encode()
    if len(value) > MAX_EVENT // 2:  # Avro is never twice as long
        encode(event)
    return Message(event.publication, value)


def pause(attempt: int, asked: float | None, left: float, chance: float) -> float | None:
    """Seconds until the next try, never fewer than were asked; None when that is past the end.

    `chance`: from 0 to 1, so that those who failed together do not come again together.
    """
    backoff = min(FIRST * 2.0 ** min(attempt, 10), LONGEST)
    seconds = max(asked or 0.0, backoff / 2) + chance * backoff / 2
    return seconds if seconds < left else None


class Service:
    """Safe to use from several threads; make one in each process, after it forked.

    The key goes to this host alone: no redirection is followed. An event may be sent twice, which does no harm.
    """

    def __init__(self, url: str, key: str | None, *, timeout: float = TIMEOUT, allow_http: bool = False) -> None:
        """Nothing is sent yet. Raises ConfigurationError."""
        check_address(url, key, allow_http)
        self._url = f"{url.rstrip('/')}/v1/events:batch"
        self._key = SecretStr(key or "")
        self._timeout = timeout
        self._http = PoolManager(maxsize=_CONNECTIONS)

    def append(self, topic: str, messages: Sequence[Message], *, once: bool = False) -> list[Position]:
        """Send events, made by `as_json`; where they are, once they are durable. `once`: with a single try.

        Raises Refused when some were refused, the others are there; RetryAfter when the service is away, some may be
        there all the same; Reject, ConfigurationError, Red when it takes nothing.
        """
        try:
            return self._append(topic, messages, once)
        except TooLarge as reason:
            if len(messages) == 1:
                raise refused_alone(messages[0], reason) from reason
        middle = len(messages) // 2
        return append_all([messages[:middle], messages[middle:]], lambda part: self.append(topic, part, once=once))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.clear()

    def _append(self, topic: str, messages: Sequence[Message], once: bool) -> list[Position]:
        deadline = time.monotonic() + self._timeout
        attempt = 0
        while True:
            try:
                return positions(self._post(topic, messages, deadline), messages)
            except Away as away:
                seconds = pause(attempt, away.asked, deadline - time.monotonic(), random.random())
                if once or seconds is None:
                    raise
                time.sleep(seconds)
                attempt += 1

    def _post(self, topic: str, messages: Sequence[Message], deadline: float) -> Answer:
        body = b"".join(message.value + b"\n" for message in messages)
        url = self._url + "?backfill=true" * (topic == BACKFILL)
        left = max(deadline - time.monotonic(), _LEAST)
        try:
            return _within(left, lambda: self._exchange(url, body, left, deadline))
        except http.SSLError as error:
            if error.args and isinstance(cause := error.args[0], ssl.SSLCertVerificationError):
                told = Fault("url", f"a certificate that is not trusted: {cause.verify_message}", "one that is")
                raise ConfigurationError([told]) from error
            raise Away(f"{self._url} does not answer: {error}") from error
        except (http.HTTPError, ValueError, RetryAfter) as error:  # ValueError: headers cut short
            raise Away(f"{self._url} does not answer: {error}") from error

    def _exchange(self, url: str, body: bytes, left: float, deadline: float) -> Answer:
        answer = self._http.request(
            "POST",
            url,
            body=_pieces(body, deadline),
            headers=self._headers(len(body)),
            timeout=Timeout(connect=min(CONNECT, left), read=min(READ, left)),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return self._read(answer, deadline)
        finally:
            answer.close()  # one that was read to its end has given its connection back

    def _headers(self, length: int) -> Mapping[str, str]:
        return {
            "Authorization": f"Bearer {self._key.get_secret_value()}",
            "Content-Type": NDJSON,
            "Content-Length": str(length),
            "Accept": f"{NDJSON}, application/problem+json",
            "User-Agent": f"wireroom/{__version__}",
        }

    def _read(self, answer: BaseHTTPResponse, deadline: float) -> Answer:
        return Answer(
            url=self._url,
            status=answer.status,
            content_type=answer.headers.get("Content-Type", ""),
            body=read_body(answer, "it", LARGEST, deadline),
            retry_after=_seconds(answer.headers.get("Retry-After")),
            location=answer.headers.get("Location", ""),
        )


def _within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """What `work` gives, in a thread of its own: looking up a name, and trying each of its addresses, has no timeout.

    Raises urllib3's TimeoutError; the thread then ends when it can, and sends no events any more.
    """
    given: Future[Answer] = Future()

    def run() -> None:
        try:
            given.set_result(work())
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            given.set_exception(error)

    Thread(target=run, name="publisher", daemon=True).start()
    try:
        return given.result(seconds)
    except TimeoutError as error:
        if given.done():
            raise
        raise http.TimeoutError("it takes too long") from error


def _pieces(body: bytes, deadline: float) -> Iterator[bytes]:
    """A body in pieces, each with the whole timeout: a slow line is no dead one. Raises urllib3's TimeoutError."""
    for start in range(0, len(body), _PIECE):
        if time.monotonic() > deadline:
            raise http.TimeoutError("the events take too long to send")
        yield body[start : start + _PIECE]


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After`, seconds or a date (RFC 9110, 10.2.3); None for one that is neither."""
    if retry_after is None:
        return None
    try:
        return float(Retry().parse_retry_after(retry_after))
    except (http.InvalidHeader, ValueError, OverflowError):
        return None
