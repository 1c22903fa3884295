"""The topics of the contract: what they must be, and what of it is different on the brokers. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wireroom.errors import Red
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, DOCUMENTS

WEEK = 7 * 24 * 3600 * 1000  # milliseconds
FOR_EVER = "-1"
REPLICAS = 3
PARTITIONS = 12  # so that up to 12 workers of one kind share them
IN_SYNC = 2  # replicas that must have a record before it is acknowledged, so that one broker may be lost

MEND = "wireroom topics apply"

KEEPS = {"cleanup.policy": "delete", "retention.ms": FOR_EVER, "retention.bytes": FOR_EVER}
COMMON = {"message.timestamp.type": "LogAppendTime", "unclean.leader.election.enable": "false"}


class Topic(NamedTuple):
    """A topic, as wanted or as found."""

    partitions: int
    replicas: int
    settings: Mapping[str, str]


class Step(NamedTuple):
    """One difference. What `apply` cannot or must not do has no `change`."""

    topic: str
    line: str
    change: str = ""  # create, partitions, settings
    partitions: int = 0
    replicas: int = 0
    settings: Mapping[str, str] = {}


def wanted(prefix: str, partitions: int, replicas: int) -> dict[str, Topic]:
    """The topics of the contract."""
    safe = {**COMMON, "min.insync.replicas": str(min(IN_SYNC, replicas))}
    kept, week = {**KEEPS, **safe}, {"cleanup.policy": "delete", "retention.ms": str(WEEK), **safe}
    return {
        prefix + ARTICLES: Topic(partitions, replicas, kept),
        prefix + BACKFILL: Topic(partitions, replicas, kept),
        prefix + DOCUMENTS: Topic(partitions, replicas, week),
        prefix + DEAD_LETTERS: Topic(1, replicas, kept),
    }


def plan(wanted: Mapping[str, Topic], found: Mapping[str, Topic]) -> list[Step]:
    """What is to be done; nothing that takes anything away."""
    steps: list[Step] = []
    for name, topic in wanted.items():
        if name not in found:
            shown = ", ".join([f"{topic.partitions} partitions", f"{topic.replicas} replicas", *_shown(topic.settings)])
            steps.append(Step(name, f"+ {name}: {shown}", "create", *topic))
        else:
            steps += _changes(name, topic, found[name])
    return steps


def _shown(settings: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in settings.items()]


def _changes(name: str, topic: Topic, there: Topic) -> Sequence[Step]:
    steps = []
    if there.partitions < topic.partitions:
        line = f"~ {name}: partitions {there.partitions} -> {topic.partitions}"
        steps.append(Step(name, line, "partitions", topic.partitions))
    if there.replicas < topic.replicas:
        line = f"! {name}: replicas {there.replicas}, not {topic.replicas}; move it with kafka-reassign-partitions"
        steps.append(Step(name, line))
    in_sync = {"min.insync.replicas": str(min(IN_SYNC, there.replicas))}  # more would let nothing be written
    for key, value in {**topic.settings, **in_sync}.items():
        if _falls_short(key, there.settings.get(key, ""), value):
            line = f"~ {name}: {key} {there.settings.get(key, 'unset')} -> {value}"
            steps.append(Step(name, line, "settings", settings={key: value}))
    return steps


def _falls_short(key: str, there: str, value: str) -> bool:
    """Whether a setting must change: what keeps longer or is safer than wanted stays."""
    if key in ("retention.ms", "retention.bytes"):
        return there != FOR_EVER and (value == FOR_EVER or int(there) < int(value))
    if key == "min.insync.replicas":
        return int(there) < int(value)
    return there != value


def check_keeps(name: str, settings: Mapping[str, str]) -> None:
    """Raises Red for a topic of articles that would lose events."""
    for key, value in KEEPS.items():
        if settings.get(key) != value:
            raise Red(f"the topic {name} would lose events: {key} is {settings.get(key)}, not {value}", MEND)
