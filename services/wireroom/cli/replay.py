"""`wireroom replay`: rebuild a sink's documents from the log, show what differs, publish it."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from wireroom.cli._options import SinkName
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._progress import Progress
from wireroom.cli._running import opened, records
from wireroom.cli._settings import with_settings
from wireroom.clock import SystemClock
from wireroom.config import Settings
from wireroom.connect import installed
from wireroom.sink import load_sink
from wireroom.worker.replay import Difference, Replay


@click.command()
@click.argument("name", metavar="SINK", type=SinkName())
@click.option("--dry-run", is_flag=True, help="Only show the difference.")
@click.option("--yes", is_flag=True, help="Publish without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --dry-run or --yes.")
@with_settings
def command(settings: Settings, name: str, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Rebuild a sink's documents from the log.

    They are made beside the live ones. What differs is shown and, if you say yes, published: each document goes from
    its old to its new complete form, one whose content is the same is not touched. Workers may be at work meanwhile.
    Exit code 1 when differences are left.
    """
    if as_json and not (dry_run or yes):
        raise click.UsageError("--json needs --dry-run or --yes: there is nobody to ask")
    with opened(settings, create=False) as (events, store), installed():
        replay = Replay(load_sink(name, settings), events, store, settings, SystemClock())
        with Progress("rebuilding", records(events)) as progress:
            differences = replay.find(progress.advance)
        with Progress("comparing", records(events)) as progress:
            differences += replay.find_direct(progress.advance)
        _show(differences, as_json)
        if not differences:
            return DONE
        if dry_run or not (yes or click.confirm("Publish them?")):
            return FINDINGS
        with Progress("publishing", records(events)) as progress:
            replay.publish(progress.advance)
    return DONE


def _show(differences: Sequence[Difference], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"differences": [asdict(difference) for difference in differences]}))
        return
    for difference in differences:
        click.echo(f"{difference.key}: {difference.was}")
        for sign, articles in (("+", difference.added), ("-", difference.removed)):
            for article in articles:
                click.echo(f"  {sign} {article}")
        if difference.before != difference.after:
            click.echo(f"  was {difference.before!r}\n  now {difference.after!r}")
    number = "1 document differs" if len(differences) == 1 else f"{len(differences)} documents differ"
    click.echo(f"{number} from what the log says." if differences else "No difference.")
