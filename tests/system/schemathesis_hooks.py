"""What schemathesis must know of our media types and signatures; it runs in an environment of its own, without us."""

import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import schemathesis.core
import yaml  # type: ignore[import-untyped, unused-ignore]
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "schemas"
EXAMPLES = FOLDER / "examples/article_event"
AVRO, LINES = "application/vnd.wireroom.event+avro", "application/x-ndjson"
EVENTS = [json.dumps(json.loads(path.read_text("utf-8"))) for path in sorted(EXAMPLES.rglob("*.json"))]

schemathesis.openapi.media_type(AVRO, st.sampled_from([path.read_bytes() for path in sorted(EXAMPLES.rglob("*.bin"))]))
schemathesis.openapi.media_type(LINES, st.lists(st.sampled_from(EVENTS), min_size=1).map("\n".join).map(str.encode))


@schemathesis.serializer(LINES, AVRO)  # type: ignore[untyped-decorator]
def as_it_is(context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


# ---- events: rules that the model has and no schema can say ------------------------------------------------------

SCHEMAS = yaml.safe_load((FOLDER / "openapi.yaml").read_text("utf-8"))["components"]["schemas"]
PLAIN = {"url": "https://daily.example/", "language": "en-GB", "article_id": "a-1"}


def may_be(record: str, field: str) -> re.Pattern[str]:
    schema = SCHEMAS[record]["properties"][field]
    return re.compile(next(each["pattern"] for each in [schema, *schema.get("anyOf", ())] if "pattern" in each))


RULES = {
    "url": may_be("ArticleEvent", "url"),
    "language": may_be("Article", "language"),
    "article_id": may_be("ArticleEvent", "article_id"),
}


def plain(key: str, value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Languages that are registered, addresses that can be taken apart, ids that fit in keys, names without e-mail.

    What the schema refuses stays as it is: it must be refused.
    """
    match value:
        case dict():
            return {name: plain(name, each) for name, each in value.items()}
        case list():
            return [plain("url" if key == "previous_urls" else "", each) for each in value]
        case float() if value.is_integer():
            return int(value)  # 1.0 is an integer to a schema
        case str() if key == "name":
            return value.replace("@", "a")
        case str() if key in RULES and RULES[key].fullmatch(value):
            return PLAIN[key] if key != "language" or len(value) <= 64 else value
    return value


# ---- hooks ---------------------------------------------------------------------------------------------------------

SECRET = b"kept by both sides"
SIGNATURES = ("X-Hub-Signature-256", "X-Superdesk-Signature", "X-Ghost-Signature")


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(context: object, case: Any, kwargs: object) -> None:  # noqa: ANN401  # of schemathesis
    """Send what is plain, and sign what a hook is sent, as each system does."""
    if "/hooks/" not in case.path:
        case.body = plain("", case.body)
        if case.media_type == AVRO and case.meta and case.meta.generation.mode.is_negative:
            case.body = b"x"  # it knows no bytes that are no Avro
        return
    if re.fullmatch("[a-z0-9-]+", str(case.path_parameters.get("publication"))):
        case.path_parameters["publication"] = "daily"  # which has hooks
    if not isinstance(case.body, schemathesis.core.NotSet) and set(SIGNATURES) <= set(case.headers or ()):
        case.body = json.dumps(case.body).encode()
        now = f"{time.time() * 1000:.0f}"
        ghost = hmac.digest(SECRET, case.body + now.encode(), "sha256").hex()
        values = (
            f"sha256={hmac.digest(SECRET, case.body, 'sha256').hex()}",
            f"sha1={hmac.digest(SECRET, case.body, 'sha1').hex()}",
            f"sha256={ghost}, t={now}",
        )
        case.headers.update(zip(SIGNATURES, values, strict=True))
