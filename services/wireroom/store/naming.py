"""How objects are named: keys, which are also URL paths, and ETags, which name one state of an object."""

import hashlib
import re

_NAME = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,254}"
_SEGMENT = re.compile(_NAME)
_KEY = re.compile(rf"{_NAME}(?:/{_NAME})*")
_LONGEST = 1024  # what S3 takes


def is_name(segment: str) -> bool:
    """Whether it can be one segment of a key: never hidden, never `..`, the same in a URL and in a file system."""
    return _SEGMENT.fullmatch(segment) is not None


def is_key(text: str) -> bool:
    """Whether it can be a key."""
    return len(text) <= _LONGEST and _KEY.fullmatch(text) is not None


def checked(key: str) -> str:
    """The key, if it is one. Raises ValueError."""
    if not is_key(key):
        raise ValueError(f"not a key: {key!r}")
    return key


def etag(body: bytes) -> str:
    """The strong ETag of a body (RFC 9110, section 8.8.3): it changes if and only if the bytes do."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
