"""What deploy/s3/bucket-policy.json allows is what the store does, and nothing else."""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest

from tests.system.project import ROOT
from tests.unit.notify.websub.newsroom import SETTINGS, form
from wireroom.cli._roles import areas, role_named
from wireroom.config import Settings
from wireroom.ingest.scope import KIND
from wireroom.keys import KeyList, mint
from wireroom.notify.websub.request import request_of
from wireroom.notify.websub.subscriptions import Subscriptions
from wireroom.notify.websub.topics import Topics
from wireroom.partners.keys import PARTNERS
from wireroom.sink import installed_sinks
from wireroom.store.memory import MemoryStore
from wireroom.store.s3_answers import Answer, of_write

BUCKET = "arn:aws:s3:::wireroom-feeds"
STORE = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}
ROLES = ("worker", "operator", "reader", "partner-server", "ingest", "hub", "keys")
STATEMENTS: list[dict[str, Any]] = json.loads((ROOT / "deploy/s3/bucket-policy.json").read_text())["Statement"]


def listed(value: str | list[str]) -> list[str]:
    """One value, or several, as JSON has either."""
    return [value] if isinstance(value, str) else list(value)


def principals(statement: dict[str, Any]) -> list[str]:
    return listed(statement["Principal"] if statement["Principal"] == "*" else statement["Principal"]["AWS"])


def holds(statement: dict[str, Any], told: dict[str, str]) -> bool:
    """Whether all conditions of a statement are met by what a request tells; absent keys are not in `told`."""
    tests: dict[str, Callable[[str, list[str]], bool]] = {
        "Null": lambda key, values: [str(key not in told).lower()] == values,
        "Bool": lambda key, values: told.get(key) in values,
        "StringLike": lambda key, values: any(fnmatchcase(told.get(key, ""), value) for value in values),
    }
    conditions = statement.get("Condition", {})
    return all(tests[name](key, listed(values)) for name in conditions for key, values in conditions[name].items())


def allowed(role: str, action: str, key: str, tls: bool = True, **told: str) -> bool:
    """What S3 says to a request of a role: a denial first, then whether anything allows it."""
    resource = BUCKET if action == "s3:ListBucket" else f"{BUCKET}/{key}"
    context = {f"s3:{name.replace('_', '-')}": value for name, value in told.items()}
    context["aws:SecureTransport"] = str(tls).lower()
    if action == "s3:ListBucket":
        context["s3:prefix"] = key
    effects = {
        statement["Effect"]
        for statement in STATEMENTS
        if any(who == "*" or who.endswith(f"role/wireroom-{role}") for who in principals(statement))
        and action in listed(statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        and holds(statement, context)
    }
    return effects == {"Allow"}


def test_only_what_the_store_does_is_named() -> None:
    assert {action for statement in STATEMENTS for action in listed(statement["Action"])} == STORE


def test_no_two_statements_have_one_name() -> None:
    assert len({statement["Sid"] for statement in STATEMENTS}) == len(STATEMENTS)


@pytest.mark.parametrize("key", ["news/editions/feeds/a/latest.json", "news/feeds/a/latest.rss", "news/_probe/x"])
def test_a_worker_may_do_everything_under_a_condition(key: str) -> None:
    assert allowed("worker", "s3:GetObject", key)
    assert allowed("worker", "s3:ListBucket", key)
    assert allowed("worker", "s3:PutObject", key, if_match='"etag"')
    assert allowed("worker", "s3:PutObject", key, if_none_match="*")
    assert allowed("worker", "s3:DeleteObject", key, if_match='"etag"')
    assert not allowed("worker", "s3:PutObject", key)
    assert not allowed("worker", "s3:DeleteObject", key)


@pytest.mark.parametrize("action", sorted(STORE))
def test_nothing_is_allowed_outside_the_prefix_or_without_tls(action: str) -> None:
    assert allowed("worker", action, "news/feeds/a.rss", if_match='"etag"')
    assert not allowed("worker", action, "news/feeds/a.rss", tls=False, if_match='"etag"')
    for role in ROLES:
        assert not allowed(role, action, "other/feeds/a.rss", if_match='"etag"')


@pytest.mark.parametrize("sink", installed_sinks())
def test_a_reader_reads_and_lists_what_is_published_and_changes_nothing(sink: str) -> None:
    key = f"news/{sink}/a/b.json"
    assert allowed("reader", "s3:GetObject", key)
    assert allowed("reader", "s3:ListBucket", key)
    assert allowed("reader", "s3:ListBucket", f"news/{sink}/")
    for role in ("reader", "operator"):
        assert not allowed(role, "s3:PutObject", key, if_match='"etag"')
        assert not allowed(role, "s3:DeleteObject", key, if_match='"etag"')


def test_only_workers_and_operators_see_what_is_private() -> None:
    key = "news/editions/feeds/a/latest.json"
    may = [role for role in ROLES if allowed(role, "s3:GetObject", key)]
    assert may == ["worker", "operator"]
    assert not allowed("reader", "s3:ListBucket", key)
    assert not allowed("reader", "s3:ListBucket", "news/")


def place_of_keys(kind: str) -> str:
    """Where the store has the keys of a kind."""
    store = MemoryStore()
    KeyList(store, kind).add(mint({}, "", 0, None)[1])
    (place,) = store.keys("")
    return f"news/{place}"


def test_the_ingest_reads_its_keys_and_nothing_else() -> None:
    keys = place_of_keys(KIND)
    assert allowed("ingest", "s3:GetObject", keys)
    assert allowed("ingest", "s3:ListBucket", keys)
    for other in (place_of_keys(PARTNERS), "news/editions/feeds/a/latest.json", "news/feeds/a/latest.rss"):
        assert not allowed("ingest", "s3:GetObject", other)
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert not allowed("ingest", action, keys, if_match='"etag"')
    assert not allowed("ingest", "s3:ListBucket", "news/")


def test_who_keeps_keys_changes_them_and_nothing_else() -> None:
    keys = place_of_keys(KIND)
    assert allowed("keys", "s3:GetObject", keys)
    assert allowed("keys", "s3:ListBucket", keys)
    assert allowed("keys", "s3:PutObject", keys, if_match='"etag"')
    assert not allowed("keys", "s3:PutObject", keys)
    assert not allowed("keys", "s3:DeleteObject", keys, if_match='"etag"')
    assert not allowed("keys", "s3:PutObject", "news/feeds/a/latest.rss", if_match='"etag"')


def test_a_partner_server_reads_private_feeds_and_their_keys_and_keeps_the_access_log() -> None:
    log, feed = "news/editions/_access/2026-01-01/a-1.jsonl.gz", "news/private/feeds/a/b.rss"
    keys = place_of_keys(PARTNERS)
    for key in (feed, keys, log, "news/feeds/a/b.rss"):
        assert allowed("partner-server", "s3:GetObject", key)
        assert allowed("partner-server", "s3:ListBucket", key)
        assert allowed("partner-server", "s3:PutObject", key, if_none_match="*") is (key == log)
        assert allowed("partner-server", "s3:DeleteObject", key, if_match='"etag"') is (key == log)
    assert not allowed("partner-server", "s3:PutObject", log)
    for other in (place_of_keys(KIND), "news/editions/feeds/a/latest.json"):
        assert not allowed("partner-server", "s3:GetObject", other)
        assert not allowed("partner-server", "s3:ListBucket", other)
    for key in (feed, keys, log):
        assert not allowed("reader", "s3:GetObject", key)
        assert not allowed("reader", "s3:ListBucket", key)


def test_a_hub_keeps_subscriptions_and_sees_nothing_else() -> None:
    store = MemoryStore()
    Subscriptions(store).apply(request_of(form(), Topics(SETTINGS)), 0)
    (place,) = store.keys("")
    subscriptions = f"news/{place}"
    assert allowed("hub", "s3:GetObject", subscriptions)
    assert allowed("hub", "s3:ListBucket", subscriptions)
    assert allowed("hub", "s3:PutObject", subscriptions, if_none_match="*")
    assert not allowed("hub", "s3:PutObject", subscriptions)
    assert not allowed("hub", "s3:DeleteObject", subscriptions, if_match='"etag"')
    for other in (place_of_keys(PARTNERS), "news/editions/_notify/webhook-a/state.json", "news/private/feeds/a/b.rss"):
        assert not allowed("hub", "s3:GetObject", other)
        assert not allowed("hub", "s3:PutObject", other, if_match='"etag"')
    assert [role for role in ROLES if allowed(role, "s3:GetObject", subscriptions)] == ["worker", "operator", "hub"]


def test_who_is_refused_is_told_of_these_rights() -> None:
    told = str(of_write(Answer(403, {}, {}), "x"))
    assert {word.strip(",") for word in told.split() if word.startswith("s3:")} == STORE


def test_the_store_does_this_and_nothing_else() -> None:
    code = (ROOT / "services/wireroom/store/s3.py").read_text()
    calls = {"get_object": "s3:GetObject", "delete_object": "s3:DeleteObject", "list_objects_v2": "s3:ListBucket"}
    signed = {"generate_presigned_url"}  # asks nobody: it tells the address that the PUTs go to
    assert set(re.findall(r"\b_s3\.(\w+)\(", code)) == calls.keys() | signed
    assert set(re.findall(r'AWSRequest\("(\w+)"', code)) == {"PUT"}
    assert {*calls.values(), "s3:PutObject"} == STORE


@pytest.mark.parametrize(
    ("name", "who", "settings"),
    [
        ("feeds", "worker", {}),
        ("notify", "worker", {}),
        ("serve", "reader", {}),
        ("serve", "partner-server", {"partners": [{"id": "one", "feeds": []}]}),
        ("ingest", "ingest", {}),
    ],
)
def test_doctor_asks_for_what_the_page_allows(name: str, who: str, settings: dict[str, Any]) -> None:
    needs = role_named(name, Settings.model_construct(**settings)).store
    for area, action in product(areas(), STORE):
        key = f"news/{area}{'x' * area.endswith('/')}"
        assert allowed(who, action, key, if_match='"etag"') is (action in needs.get(area, ())), (area, action)
