"""schemas/asyncapi.yaml says of the topics what the code does. That it is AsyncAPI: tests/system/test_asyncapi.py."""

import json
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from tests.unit.events import put, wd
from wireroom import __version__, codec
from wireroom.codec import encode
from wireroom.errors import Fault, Reject
from wireroom.log import ARTICLES, Message, Partition, Record
from wireroom.log.kafka.topics import PARTITIONS, REPLICAS, wanted
from wireroom.worker.deadletters import letter

DOCUMENT = YAML(typ="safe").load((codec.SCHEMAS / "asyncapi.yaml").read_text("utf-8"))
MESSAGES = DOCUMENT["components"]["messages"]


def headers(schema: str) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(DOCUMENT["components"]["schemas"][schema], validate_formats=True)


def read(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers.items()}


def test_its_topics_are_those_that_apply_makes() -> None:
    told = {channel["address"]: channel["bindings"]["kafka"] for channel in DOCUMENT["channels"].values()}
    topics = wanted("wireroom.", PARTITIONS, REPLICAS)
    assert set(told) == set(topics)
    for name, topic in topics.items():
        binding = told[name]
        assert (binding["topic"], binding["partitions"], binding["replicas"]) == (
            name,
            topic.partitions,
            topic.replicas,
        )
        for key, value in binding["topicConfiguration"].items():
            assert topic.settings[key] == (",".join(value) if isinstance(value, list) else str(value))


@pytest.mark.parametrize("event", [put("a"), put("a", 2), wd("a", 3)])
def test_an_event_has_the_headers_that_are_told(event: Any) -> None:  # noqa: ANN401
    found = read(encode(event))
    headers("CloudEvent").validate(found)
    assert set(found) == set(DOCUMENT["components"]["schemas"]["CloudEvent"]["properties"])


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_dead_letter_has_the_headers_that_are_told(size: int) -> None:
    record = Record(Partition(ARTICLES, 3), 7, "daily", b"x" * size, {}, 1)
    found = read(letter(record, "feeds", Reject("undecodable", [Fault("", "x", "y")])))
    headers("DeadLetter").validate(found)
    assert set(found) <= set(DOCUMENT["components"]["schemas"]["DeadLetter"]["properties"])
    assert json.loads(found["wireroom.faults"])
    assert ("wireroom.cut" in found) == (size > 1_000_000)


def test_its_payloads_are_the_avro_schemas() -> None:
    names = {message["payload"]["schema"]["$ref"] for message in MESSAGES.values() if "schema" in message["payload"]}
    assert names == {path.name for path in codec.SCHEMAS.glob("*.avsc")}
    kinds = {MESSAGES[name]["contentType"] for name in ("ArticleEvent", "DocumentChanged")}
    assert kinds == {codec.MEDIA_TYPE}


def test_its_version_is_that_of_the_distribution() -> None:
    assert DOCUMENT["info"]["version"] == __version__
