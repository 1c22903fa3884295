"""`wireroom skip`: go on without a batch of Kafka that nobody can read any more."""

import json
import re
from contextlib import closing
from typing import TYPE_CHECKING

import click

from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._settings import with_settings
from wireroom.config import Settings
from wireroom.connect import brokers, installed
from wireroom.errors import Fault, Reject
from wireroom.letter import CUT, dead_letter
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, Message, Partition

if TYPE_CHECKING:
    from wireroom.log.kafka.log import KafkaLog
    from wireroom.log.kafka.skips import Skip

_PLACE = re.compile(rf"({re.escape(ARTICLES)}|{re.escape(BACKFILL)})/(\d+)")


@click.command()
@click.argument("partition", metavar="TOPIC/PARTITION")
@click.argument("offset", type=click.IntRange(0))
@click.option("--yes", is_flag=True, help="Without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
@with_settings
def command(settings: Settings, partition: str, offset: int, yes: bool, as_json: bool) -> int:
    """Go on without a damaged batch of Kafka.

    The one at OFFSET is passed over, in all workers and in every replay. A worker that met it has stopped, red, and
    said where: start it again afterwards. A dead letter stands for the batch; the events in it are lost: publish them
    again. Exit code 1 when it can be read, or you say no.
    """
    match = _PLACE.fullmatch(partition)
    if match is None:
        raise click.BadParameter(f"{ARTICLES}/0, {BACKFILL}/0 …", param_hint="TOPIC/PARTITION")
    if as_json and not yes:
        raise click.UsageError("--json needs --yes: there is nobody to ask")
    place = Partition(match[1], int(match[2]))
    with closing(_opened(settings)) as log:
        skip = log.damage(place, offset)
        if skip is None:
            _tell(as_json, f"{partition} can be read at {offset}: nothing is to be skipped.", skipped=0)
            return FINDINGS
        count = skip.beyond - skip.first
        told = f"{partition}: {count} records from offset {skip.first} on"
        if not (yes or click.confirm(f"{told} cannot be read. Go on without them?")):
            return FINDINGS
        log.append(DEAD_LETTERS, [_letter(place, skip)])
    _tell(as_json, f"{told} are passed over from now on; start the workers again.", skipped=count, first=skip.first)
    return DONE


def _opened(settings: Settings) -> "KafkaLog":
    names = brokers(settings.log.url)
    with installed():
        from wireroom.log.kafka.log import KafkaLog
    return KafkaLog(names, settings.log.prefix, settings.log.security)


def _tell(as_json: bool, text: str, **values: int) -> None:
    click.echo(json.dumps(values) if as_json else text)


def _letter(place: Partition, skip: "Skip") -> Message:
    """It cannot be redriven: nothing of the batch is in it."""
    from wireroom.log.kafka.skips import SKIPPED

    lost = Fault("", f"a damaged batch, offsets {skip.first} to {skip.beyond - 1}", "events: publish them again")
    return dead_letter(
        Message("", b"", {SKIPPED: skip.mark(), CUT: b"0"}),
        Reject("damaged-batch", [lost]),
        worker="skip",
        topic=place.topic,
        partition=str(place.number),
        offset=str(skip.first),
    )
