"""`wireroom topics`: the topics of the contract on Kafka's brokers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.connect import brokers, installed

if TYPE_CHECKING:
    from wireroom.log.kafka.admin import Admin
    from wireroom.log.kafka.topics import Step

_COUNT = click.IntRange(1, 1000)
_partitions = click.option(
    "--partitions", type=_COUNT, help="Of each log but the dead letters.  [default: as now, or 12]"
)
_replicas = click.option("--replicas", type=_COUNT, help="Of each partition.  [default: 3, or as many as brokers]")


@click.group()
def command() -> None:
    """Make the topics that Kafka needs.

    Nothing is ever taken away: no topic, no partition, no record.
    """


@command.command()
@_partitions
@_replicas
@with_settings
def plan(settings: Settings, partitions: int | None, replicas: int | None) -> int:
    """Show what `apply` would do. Exit code 1 when the topics are not as they must be."""
    with _admin(settings) as admin:
        steps = _steps(admin, settings, partitions, replicas)
    _show(steps)
    return FINDINGS if steps else DONE


@command.command()
@_partitions
@_replicas
@with_settings
def apply(settings: Settings, partitions: int | None, replicas: int | None) -> int:
    """Make topics, add partitions, mend settings. Exit code 1 when something is left to do by hand."""
    with _admin(settings) as admin:
        steps = _steps(admin, settings, partitions, replicas)
        _show(steps)
        for step in steps:
            _do(admin, step)
    return DONE if all(step.change for step in steps) else FINDINGS


@contextmanager
def _admin(settings: Settings) -> Iterator["Admin"]:
    names = brokers(settings.log.url)
    with installed():
        from wireroom.log.kafka.admin import Admin
        from wireroom.log.kafka.security import connection
    with closing(Admin(connection(names, settings.log.security))) as admin:
        yield admin


def _steps(admin: "Admin", settings: Settings, partitions: int | None, replicas: int | None) -> list["Step"]:
    from wireroom.log.kafka.topics import PARTITIONS, REPLICAS, Topic, plan, wanted

    prefix = settings.log.prefix
    there = admin.topics(list(wanted(prefix, 1, 1)))
    kept = admin.settings(list(there))
    found = {name: Topic(each.partitions, each.replicas, kept[name]) for name, each in there.items()}
    many = partitions or max((topic.partitions for topic in found.values()), default=PARTITIONS)
    return plan(wanted(prefix, many, replicas or min(REPLICAS, len(admin.brokers()))), found)


def _show(steps: list["Step"]) -> None:
    click.echo("\n".join(step.line for step in steps) or "The topics are as they must be.")


def _do(admin: "Admin", step: "Step") -> None:
    if step.change == "create":
        admin.create(step.topic, step.partitions, step.replicas, step.settings)
    elif step.change == "partitions":
        admin.grow(step.topic, step.partitions)
    elif step.change == "settings":
        admin.change(step.topic, step.settings)
