"""The bucket policy grants what the store asks for, and no more."""

import json
from typing import Any

from tests.system.project import ROOT
from wireroom.store.s3_answers import Answer, of_write

POLICY: list[dict[str, Any]] = json.loads((ROOT / "deploy/s3/bucket-policy.json").read_text())["Statement"]
UNDER = "arn:aws:s3:::newsroom/live/"


def test_it_grants_what_the_store_asks_for_and_nothing_else() -> None:
    asked = {word.strip(",") for word in str(of_write(Answer(403, {}, {}), "x")).split() if word.startswith("s3:")}
    granted = [action for each in POLICY if each["Effect"] == "Allow" for action in _list(each["Action"])]
    assert set(granted) == asked == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}


def test_the_ingest_reads_its_keys_and_nothing_else() -> None:
    reading, listing = of("wireroom-ingest")
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", f"{UNDER}editions/_keys/ingest.json")
    assert (listing["Action"], listing["Condition"]) == (
        "s3:ListBucket",
        {"StringLike": {"s3:prefix": "live/editions/_keys/*"}},
    )


def test_listing_has_no_condition_or_a_missing_object_would_look_forbidden() -> None:
    [listing] = [each for each in of("wireroom") if each["Action"] == "s3:ListBucket"]
    assert "Condition" not in listing
    assert not listing["Resource"].endswith("*")


def test_nobody_writes_without_a_condition() -> None:
    [denial] = [each for each in POLICY if each["Effect"] == "Deny"]
    assert (denial["Action"], denial["Principal"]) == ("s3:PutObject", "*")
    assert denial["Condition"]["Null"] == {"s3:if-match": "true", "s3:if-none-match": "true"}


def of(role: str) -> list[dict[str, Any]]:
    """What a role is granted."""
    return [each for each in POLICY if each["Effect"] == "Allow" and each["Principal"]["AWS"].endswith(f"role/{role}")]


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
