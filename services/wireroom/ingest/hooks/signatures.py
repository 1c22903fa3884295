"""Signatures over the raw body, each scheme once, compared in constant time."""

import hmac
import re

from wireroom.clock import MINUTE
from wireroom.ingest.hooks import Delivery

WINDOW = 5 * MINUTE
_GHOST = re.compile(r"sha256=([0-9a-f]{64}), ?t=([0-9]{1,16})", re.ASCII)


def hub(delivery: Delivery, secret: bytes) -> bool:
    """`X-Hub-Signature-256: sha256=…`: HMAC-SHA256 of the body (WordPress, Drupal, ninjs, generic)."""
    return _same(delivery.headers.get("x-hub-signature-256", ""), f"sha256={_hex(secret, delivery.body, 'sha256')}")


def superdesk(delivery: Delivery, secret: bytes) -> bool:
    """`x-superdesk-signature: sha1=…`: HMAC-SHA1 of the body, the only one that Superdesk has."""
    return _same(delivery.headers.get("x-superdesk-signature", ""), f"sha1={_hex(secret, delivery.body, 'sha1')}")


def ghost(delivery: Delivery, secret: bytes) -> bool:
    """`X-Ghost-Signature: sha256=…, t=…`: HMAC-SHA256 of body and time; the time at most five minutes from ours."""
    told = _GHOST.fullmatch(delivery.headers.get("x-ghost-signature", ""))
    if told is None:
        return False
    signature, milliseconds = told.groups()
    good = _same(signature, _hex(secret, delivery.body + milliseconds.encode(), "sha256"))
    return good and abs(int(milliseconds) * 1000 - delivery.received_at) <= WINDOW


def ghost_time(delivery: Delivery) -> int | None:
    """When Ghost signed, in microseconds; None when that is not told."""
    told = _GHOST.fullmatch(delivery.headers.get("x-ghost-signature", ""))
    return int(told[2]) * 1000 if told else None


def _hex(secret: bytes, signed: bytes, algorithm: str) -> str:
    return hmac.digest(secret, signed, algorithm).hex()


def _same(told: str, expected: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())
