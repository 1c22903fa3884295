"""What `wireroom doctor` looks at on Kafka, for whoever runs workers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from wireroom.check import AWAY, WELL, Check, check
from wireroom.errors import Red, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, DOCUMENTS
from wireroom.log.kafka.admin import Admin, Described
from wireroom.log.kafka.library import codecs
from wireroom.log.kafka.topics import MEND, PARTITIONS, REPLICAS, Topic, plan, wanted

BROKERS = "start the brokers, or mend `log.url` and `log.security`"
OLDEST = (3, 0)
TOPICS = (ARTICLES, BACKFILL, DOCUMENTS, DEAD_LETTERS)
INCLUDED = frozenset({"DESCRIBE"})  # in Read and Write


class Examination:
    """Asks the brokers, one question for each check."""

    def __init__(self, admin: Admin, prefix: str) -> None:
        self._admin = admin
        self._prefix = prefix

    def checks(self, groups: Sequence[str], needs: Mapping[str, frozenset[str]]) -> Iterator[Check]:
        """Brokers; codecs; topics and groups with what we may do there. Only the first when no broker answers."""
        reached = check("brokers", self._brokers, BROKERS)
        yield reached
        if reached.state == AWAY:
            return
        yield Check("codecs", WELL, told_codecs(codecs()))
        for short in needs:
            name = self._prefix + short
            yield check(f"topic {name}", partial(self._topic, name), BROKERS)
        for short in TOPICS:
            name = self._prefix + short
            if there := self._seen(name):
                yield rights(f"topic {name}", there.allowed, needs.get(short, frozenset()))
        for group in groups:
            name = self._prefix + group
            yield check(f"group {name}", partial(self._group, name), BROKERS)

    def _brokers(self) -> str:
        brokers = self._admin.brokers()
        if away := [each.number for each in brokers if each.is_fenced]:
            raise Red(f"of {len(brokers)} brokers these are away: {away}", "start them")
        versions = {self._admin.version(each.number) for each in brokers}
        told = ", ".join(sorted(".".join(map(str, version)) for version in versions))
        if min(versions) < OLDEST:
            raise Red(f"{len(brokers)}, Kafka {told}", "upgrade them to Kafka 3.0 or later")
        return f"{len(brokers)}, Kafka {told} or later"

    def _wanted(self) -> Mapping[str, Topic]:
        """As `wireroom topics plan` wants them."""
        there = filter(None, map(self._seen, wanted(self._prefix, 1, 1)))
        partitions = max((each.partitions for each in there), default=PARTITIONS)
        return wanted(self._prefix, partitions, min(REPLICAS, len(self._admin.brokers())))

    def _seen(self, name: str) -> Described | None:
        try:
            return self._admin.topics([name]).get(name)
        except (Red, RetryAfter):
            return None  # the topic's own check tells

    def _topic(self, name: str) -> str:
        """Raises Red for what `wireroom topics plan` would tell."""
        there = self._admin.topics([name]).get(name)
        if there is None:
            raise Red(f"there is no topic {name}", MEND)
        told = f"{there.partitions} partitions, {there.replicas} replicas"
        if "DESCRIBE_CONFIGS" not in there.allowed:
            return f"{told}; its settings are not ours to see"
        found = Topic(there.partitions, there.replicas, self._admin.settings([name])[name])
        if steps := plan({name: self._wanted()[name]}, {name: found}):
            by_hand = not any(step.change for step in steps)
            raise Red("; ".join(step.line for step in steps), "by hand, as it says" if by_hand else MEND)
        return f"{told}, as it must be"

    def _group(self, name: str) -> str:
        state, members, allowed = self._admin.group(name)
        if allowed is None:
            return "nobody has joined it yet"
        rights = told_rights(f"group {name}", allowed, frozenset({"READ"}))
        return f"{state}, {members} members; {rights}"


def told_codecs(found: Mapping[str, bool]) -> str:
    """Those that are there, beside the checksums; ours is lz4."""
    absent = [name for name, is_there in found.items() if not is_there]
    told = ", ".join(["crc32c", *(name for name, is_there in found.items() if is_there)])
    return f"{told}; producers must not use {' or '.join(absent)}" if absent else told


def rights(topic: str, allowed: Collection[str], needs: frozenset[str]) -> Check:
    """What this user may do there, and how to take from it what is not needed."""
    found = check(f"rights: {topic.removeprefix('topic ')}", partial(told_rights, topic, allowed, needs), BROKERS)
    more = frozenset(allowed) - needs - INCLUDED
    return (
        found._replace(remedy=f"take {_words(more)} on the {topic} from this user")
        if more and found.state == WELL
        else found
    )


def told_rights(resource: str, allowed: Collection[str], needs: frozenset[str]) -> str:
    """What this user may do. Raises Red when more is needed."""
    if missing := needs.difference(allowed):
        raise Red(f"we lack {_words(missing)}", f"grant {_words(missing)} on the {resource}")
    more = frozenset(allowed) - needs - INCLUDED
    return (_words(needs) or "nothing is needed") + (f"; not needed: {_words(more)}" if more else "")


def _words(operations: Collection[str]) -> str:
    """As in Kafka's own tools: DescribeConfigs."""
    return ", ".join(sorted(each.title().replace("_", "") for each in operations))
