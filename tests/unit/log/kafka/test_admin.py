from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from kafka import errors

from wireroom.errors import Red, RetryAfter
from wireroom.log.kafka.admin import Admin, Broker
from wireroom.log.kafka.library import Connection

NAME = "wireroom.articles"


class Client:
    """Answers as kafka-python's does; `codes` are the errors of the topic, the last one again and again."""

    def __init__(self, codes: list[int], settings: dict[str, str]) -> None:
        self._codes = codes
        self._settings = settings

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        code = self._codes.pop(0) if len(self._codes) > 1 else self._codes[0]
        partitions = [] if code else [{"replica_nodes": [1]}]
        return [{"name": name, "error_code": code, "topic_id": UUID(int=1), "partitions": partitions} for name in names]

    def describe_configs(self, resources: list[Any], config_filter: str) -> dict[str, Any]:
        told = {key: {"value": value} for key, value in self._settings.items()}
        return {"topic": {resource.name: told for resource in resources}}

    def close(self) -> None: ...


def admin(*codes: int, **settings: str) -> Admin:
    class Fake:
        def admin(self) -> Client:
            return Client(list(codes), settings)

    return Admin(cast(Connection, Fake()))


def test_a_topic_that_we_may_not_see_is_told_with_what_to_grant() -> None:
    with pytest.raises(Red, match=rf"Describe on the topic {NAME}.*grant Describe on the topic {NAME}.*Write"):
        admin(errors.TopicAuthorizationFailedError.errno).topics([NAME])


def test_settings_that_we_may_not_see_are_told_with_what_to_grant() -> None:
    with pytest.raises(Red, match=rf"DescribeConfigs on the topic {NAME}.*grant DescribeConfigs on the topic {NAME}"):
        admin(0).settings([NAME])
    assert admin(0, **{"retention.ms": "-1"}).settings([NAME]) == {NAME: {"retention.ms": "-1"}}


def test_a_topic_that_is_missing_is_left_out() -> None:
    assert admin(errors.UnknownTopicOrPartitionError.errno).topics([NAME]) == {}


def test_while_a_topic_is_being_made_it_is_asked_for_again() -> None:
    assert admin(errors.LeaderNotAvailableError.errno, 0).topics([NAME])[NAME].partitions == 1


def test_any_other_error_of_a_topic_is_not_taken_for_an_answer() -> None:
    with pytest.raises(RetryAfter, match="InvalidTopicError"):
        admin(errors.InvalidTopicError.errno).topics(["a b"])


def test_while_no_broker_has_registered_they_are_asked_for_again() -> None:
    answers = [{"brokers": []}, {"brokers": [{"broker_id": 7}]}]
    assert asking(describe_cluster=lambda: answers.pop(0)).brokers() == [Broker(7, False)]


def test_a_topic_is_made_when_a_broker_has_registered_and_though_the_answer_is_lost() -> None:
    waited: list[list[str]] = []
    refusals = [errors.InvalidReplicationFactorError(), errors.RequestTimedOutError(), errors.TopicAlreadyExistsError()]
    asking(create_topics=lambda topics: fail(refusals.pop(0)), wait_for_topics=waited.append).create(NAME, 2, 1, {})
    assert (refusals, waited) == ([], [[NAME]])


@pytest.mark.parametrize(
    ("there", "outcome"), [(1, nullcontext()), (2, pytest.raises(RetryAfter, match="cannot grow"))]
)
def test_a_topic_grows_though_the_answer_is_lost(there: int, outcome: AbstractContextManager[object]) -> None:
    client = Client([0], {})
    refusals = [errors.RequestTimedOutError(), errors.InvalidPartitionsError()]
    with outcome:
        asking(create_partitions=lambda partitions: fail(refusals.pop(0)), describe_topics=client.describe_topics).grow(
            NAME, there
        )
    assert not refusals


def asking(**answers: object) -> Admin:
    client = SimpleNamespace(close=lambda: None, **answers)
    return Admin(cast(Connection, SimpleNamespace(admin=lambda: client)))


def fail(error: Exception) -> None:
    raise error
