import pytest

from wireroom.errors import Red
from wireroom.log.kafka.topics import KEEPS, Topic, check_keeps, plan, wanted

WANTED = wanted("w.", 12, 3)
ARTICLES, DOCUMENTS = "w.articles", "w.documents"


def found(name: str, settings: dict[str, str], partitions: int = 12, replicas: int = 3) -> dict[str, Topic]:
    """The topics as wanted, but for this one."""
    return {**WANTED, name: Topic(partitions, replicas, {**WANTED[name].settings, **settings})}


def test_the_topics_of_the_contract() -> None:
    assert set(WANTED) == {"w.articles", "w.articles.backfill", "w.documents", "w.dead-letters"}
    for name in ("w.articles", "w.articles.backfill", "w.dead-letters"):
        check_keeps(name, WANTED[name].settings)
    assert WANTED[DOCUMENTS].settings["retention.ms"] == "604800000"
    assert {topic.settings["min.insync.replicas"] for topic in WANTED.values()} == {"2"}
    assert wanted("w.", 1, 1)[ARTICLES].settings["min.insync.replicas"] == "1"


def test_what_is_not_there_is_made() -> None:
    steps = plan(WANTED, {})
    assert [(step.topic, step.change) for step in steps] == [(name, "create") for name in WANTED]
    assert Topic(steps[0].partitions, steps[0].replicas, steps[0].settings) == WANTED[ARTICLES]
    assert steps[0].line.startswith("+ w.articles: 12 partitions, 3 replicas, cleanup.policy=delete")


def test_what_is_as_wanted_stays() -> None:
    assert plan(WANTED, WANTED) == []


@pytest.mark.parametrize(
    ("name", "settings", "line"),
    [
        (ARTICLES, {"retention.ms": "604800000"}, "~ w.articles: retention.ms 604800000 -> -1"),
        (ARTICLES, {"retention.bytes": "1000"}, "~ w.articles: retention.bytes 1000 -> -1"),
        (ARTICLES, {"cleanup.policy": "compact"}, "~ w.articles: cleanup.policy compact -> delete"),
        (ARTICLES, {"min.insync.replicas": "1"}, "~ w.articles: min.insync.replicas 1 -> 2"),
        (DOCUMENTS, {"retention.ms": "1000"}, "~ w.documents: retention.ms 1000 -> 604800000"),
    ],
)
def test_a_setting_that_falls_short_is_changed(name: str, settings: dict[str, str], line: str) -> None:
    (step,) = plan(WANTED, found(name, settings))
    ((key, value),) = step.settings.items()
    assert (step.line, step.change) == (line, "settings")
    assert line.endswith(f"{key} {next(iter(settings.values()))} -> {value}")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (DOCUMENTS, {"retention.ms": "-1"}),
        (DOCUMENTS, {"retention.ms": "700000000"}),
        (ARTICLES, {"min.insync.replicas": "3"}),
    ],
)
def test_what_keeps_longer_or_is_safer_stays(name: str, settings: dict[str, str]) -> None:
    assert plan(WANTED, found(name, settings)) == []


def test_partitions_are_added_and_never_taken_away() -> None:
    (step,) = plan(WANTED, found(ARTICLES, {}, partitions=6))
    assert (step.line, step.change, step.partitions) == ("~ w.articles: partitions 6 -> 12", "partitions", 12)
    assert plan(WANTED, found(ARTICLES, {}, partitions=24)) == []


def test_replicas_are_left_to_a_person_and_nothing_stops_writing_meanwhile() -> None:
    (step,) = plan(WANTED, found(ARTICLES, {"min.insync.replicas": "1"}, replicas=1))
    assert (step.change, step.line.startswith("! w.articles: replicas 1, not 3")) == ("", True)


@pytest.mark.parametrize("key", KEEPS)
def test_a_topic_that_loses_events_is_refused(key: str) -> None:
    with pytest.raises(Red, match=rf"w\.articles would lose events: {key} is 5.*wireroom topics apply"):
        check_keeps(ARTICLES, {**WANTED[ARTICLES].settings, key: "5"})
