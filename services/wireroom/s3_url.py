"""The URL of a store in S3: `s3://bucket/prefix?endpoint=…&region=…&style=…&ca=…`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

S3_URL = "s3://bucket, s3://bucket/prefix or s3://bucket/prefix?endpoint=https://host:port"

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*")
_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?")


@dataclass(frozen=True, slots=True)
class S3Url:
    """`prefix` ends with `/` or is empty; `ca`: the file of a private authority; None: as boto3 finds it."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    ca: str | None = None


def parse_s3_url(url: str) -> S3Url:
    """Take a URL apart. Raises ValueError, which says what was expected.

    Without `style`, an endpoint of one's own is asked with the bucket in the path, AWS with the bucket in the host.
    """
    parts = urlsplit(url)
    options = _options(parts.query)
    prefix = f"{parts.path.strip('/')}/".removeprefix("/")
    endpoint = options.get("endpoint")
    _check("the bucket", parts.netloc, _BUCKET, "3 to 63 of a-z, 0-9, dot and -")
    _check("the prefix", prefix, _PREFIX, "names of A-Z, a-z, 0-9, dot, _, ~ and -, with / between them")
    _check("endpoint", endpoint, _ENDPOINT, "an http or https URL")
    _check("region", options.get("region"), _REGION, "a region such as eu-west-1")
    _check("style", options.get("style"), re.compile("path|virtual"), "path or virtual")
    _check("ca", options.get("ca"), re.compile("/.+"), "the absolute path of a file of certificates")
    path_style = options.get("style", "path" if endpoint else "virtual") == "path"
    endpoint = endpoint.rstrip("/") if endpoint else None
    return S3Url(parts.netloc, prefix, endpoint, options.get("region"), path_style, options.get("ca"))


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    known = ("endpoint", "region", "style", "ca")
    for name, _ in pairs:
        if name not in known:
            raise ValueError(f"{S3_URL}: {name!r} is not one of {', '.join(known)}")
    if len(options := dict(pairs)) < len(pairs):
        raise ValueError(f"{S3_URL}: a name stands twice")
    return options


def _check(name: str, value: str | None, pattern: re.Pattern[str], expected: str) -> None:
    if value is not None and not pattern.fullmatch(value):
        raise ValueError(f"{S3_URL}: {name} is {value!r}, not {expected}")
