"""What an answer of S3 means for a worker: pure, so that every row of the table can be tried.

| answer to a write | meaning | raised |
| --- | --- | --- |
| 2xx with an ETag | written | |
| 412, 409; 404 NoSuchKey under If-Match | another writer, or our own lost first try | Conflict |
| 429, 503 SlowDown, 400 RequestTimeout or a damaged body | not written | RetryAfter |
| other 5xx, 408, 2xx without an ETag | nobody knows | OutcomeUnknown |
| anything else: bucket, credentials, region, clock, policy | only a person can mend it | Red |
"""

import html
import re
from collections.abc import Mapping
from typing import NamedTuple

from wireroom.errors import Conflict, OutcomeUnknown, Red, RetryAfter, WireroomError

_NOT_WRITTEN = frozenset({"SlowDown", "TooManyRequests", "RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch"})
_GRANTS = "allow s3:GetObject, s3:PutObject and s3:DeleteObject on its objects and s3:ListBucket on the bucket itself"
_SECRET = "check the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
_RENEW = "these credentials have run out: renew them and start again"
_REGION = "name the bucket's region in store.url: s3://…?region={region}"
_CLOCK = "set the clock of this machine (NTP); the store says that it is {date}"
_CONDITIONS = "choose a store with atomic conditional writes"
_REMEDIES = {
    "NoSuchBucket": "create the bucket, or mend store.url",
    "AccessDenied": _GRANTS,
    "InvalidAccessKeyId": _SECRET,
    "XAdminUserNotFound": _SECRET,  # the same, as versitygw says it
    "SignatureDoesNotMatch": _SECRET + "; a proxy on the way must leave path and Host as they are",
    "ExpiredToken": _RENEW,
    "InvalidToken": _RENEW,
    "TokenRefreshRequired": _RENEW,
    "RequestTimeTooSkewed": _CLOCK,
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "TemporaryRedirect": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "NotImplemented": _CONDITIONS,
}
_BY_STATUS = {301: _REGION, 307: _REGION, 403: _GRANTS, 501: _CONDITIONS}
_ELSE = "check that store.url names an S3 endpoint, and what it wrote into its own log"
_ETAG = re.compile(r'"[\x21\x23-\x7e]+"')


class Answer(NamedTuple):
    """Headers in lower case; `said`: Code, Message and Region of the error document, as far as there is one."""

    status: int
    headers: Mapping[str, str]
    said: Mapping[str, str]

    @property
    def code(self) -> str:
        """What is wrong, in one word; empty where the answer does not say."""
        return self.said.get("Code", "")

    @property
    def well(self) -> bool:
        """Whether the server is well, whatever it thinks of the request."""
        return (self.status < 500 or self.status == 501) and self.status not in (408, 429)

    def __str__(self) -> str:
        said = ": ".join(self.said[name] for name in ("Code", "Message") if self.said.get(name))
        return f"the store answered {self.status} {said}".rstrip()


def error_document(body: bytes) -> Mapping[str, str]:
    """What an error document says."""
    text = body.decode(errors="replace")
    return {name: html.unescape(value) for name, value in re.findall(r"<(Code|Message|Region)>([^<]*)</\1>", text)}


def whole_etag(headers: Mapping[str, str]) -> str | None:
    """The ETag, if it came whole: an answer that was cut short still parses."""
    etag = headers.get("etag", "")
    return etag if _ETAG.fullmatch(etag) else None


def of_write(answer: Answer, key: str) -> WireroomError:
    """What to raise for a write that was not plainly done."""
    if answer.status in (412, 409) or (answer.status == 404 and answer.code == "NoSuchKey"):
        return Conflict(key)
    if answer.status == 429 or answer.code in _NOT_WRITTEN:
        return RetryAfter(f"cannot write {key}: {answer}")
    if answer.status < 300 or not answer.well:
        return OutcomeUnknown(f"cannot tell whether {key} was written: {answer}")
    return _red(f"cannot write {key}", answer)


def of_read(answer: Answer, key: str) -> WireroomError:
    """What to raise for a read that gave nothing, when the answer does not say that there is nothing."""
    cut_short = answer.status < 300 or (answer.status == 404 and answer.code in ("", "404"))  # boto3's word for none
    if cut_short or not answer.well or answer.code in _NOT_WRITTEN:
        return RetryAfter(f"cannot read {key}: {answer}")
    return _red(f"cannot read {key}", answer)


def _red(doing: str, answer: Answer) -> Red:
    remedy = _REMEDIES.get(answer.code) or _BY_STATUS.get(answer.status, _ELSE)
    region = answer.headers.get("x-amz-bucket-region") or answer.said.get("Region") or "…"
    return Red(f"{doing}: {answer}", remedy.format(region=region, date=answer.headers.get("date", "another time")))
