"""`wireroom partners`: who reads private feeds, what each holds, and who saw a withdrawal."""

import json
from collections.abc import Mapping
from contextlib import closing

import click

from wireroom.cli._article import Told, told_of
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._receipts import receipt_lines, receipt_object
from wireroom.cli._settings import with_settings
from wireroom.cli._standings import Row, line, row_object, rows
from wireroom.clock import SystemClock, moment
from wireroom.config import Settings
from wireroom.config_partners import PartnerSettings
from wireroom.connect import foreign_events, open_log, open_store
from wireroom.document import generation_of
from wireroom.keys import Key, KeyList
from wireroom.partners.keys import PARTNERS, partner_of
from wireroom.partners.receipts import Receipt, Verdict, receipts
from wireroom.partners.report import Current, Report, report
from wireroom.partners.segments import read
from wireroom.partners.shown import digest
from wireroom.store import Store

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Who reads private feeds, and who holds what."""


@command.command("list")
@_json
@with_settings
def list_(settings: Settings, as_json: bool) -> int:
    """List the partners of the settings, with their feeds and keys."""
    now = SystemClock().now()
    keys = list(KeyList(open_store(settings.store.url), PARTNERS).read().values())
    found = [_partner(each, keys, now) for each in settings.partners]
    click.echo(json.dumps(found) if as_json else "\n".join(map(_line, found)) or "no partners")
    return DONE


def _partner(partner: PartnerSettings, keys: list[Key], now: int) -> dict[str, object]:
    return {
        "id": partner.id,
        "name": partner.name or partner.id,
        "feeds": list(partner.feeds),
        "rate": partner.rate,
        "until": partner.until.isoformat() if partner.until else None,
        "keys": [key.id for key in keys if partner_of(key) == partner.id and key.refusal(now) is None],
    }


def _line(partner: Mapping[str, object]) -> str:
    feeds, keys = partner["feeds"], partner["keys"]
    assert isinstance(feeds, list)
    assert isinstance(keys, list)
    until = f"until {partner['until']}" if partner["until"] else ""
    told = (str(partner["id"]), ", ".join(feeds), f"{partner['rate']}/min", f"keys: {', '.join(keys) or 'none'}", until)
    return "  ".join(part for part in told if part)


@command.command("report")
@click.option("--partner", metavar="ID", help="Of this partner alone.")
@click.option(
    "--article", nargs=2, metavar="PUBLICATION ID", help="Who had this article, and who saw that it was withdrawn."
)
@_json
@with_settings
def report_(settings: Settings, partner: str | None, article: tuple[str, str] | None, as_json: bool) -> int:
    """Report what partners fetched last, and who is behind.

    With --article: a receipt for each partner and document. Exit code 1 when somebody still has a withdrawn article.
    """
    if partner is not None and partner not in [each.id for each in settings.partners]:
        raise click.UsageError(f"{partner!r} is no partner of the settings; `wireroom partners list` shows them")
    store = open_store(settings.store.url)
    if article:
        return _receipts(settings, store, article, partner, as_json)
    found, now = report(read(store)), SystemClock().now()
    shown = [row for row in _rows(settings, store, found, now) if partner in (None, row.partner)]
    if as_json:
        told = {"lost": found.lost, "slowed": found.slowed, "documents": [row_object(row) for row in shown]}
        click.echo(json.dumps(told))
    else:
        click.echo("\n".join(line(row, now) for row in shown) or "nothing was asked for")
        if found.lost:
            click.echo(f"{found.lost} records are lost: the store could not be written", err=True)
    return DONE


def _rows(settings: Settings, store: Store, found: Report, now: int) -> list[Row]:
    current: dict[str, Current | None] = {}
    for _, document in found.standings:
        if document not in current:
            stored = store.get(document) if document != "-" else None
            current[document] = Current(generation_of(stored.body), stored.modified) if stored else None
    return rows(settings.partners, found, current, now)


def _receipts(settings: Settings, store: Store, article: tuple[str, str], partner: str | None, as_json: bool) -> int:
    with (
        foreign_events(settings.registry),
        closing(open_log(settings.log.url, settings.log.prefix, False, settings.log.security)) as log,
    ):
        told = told_of(log, *article)
    if told is None:
        raise click.UsageError(f"the log knows no article {article[1]!r} of {article[0]}")
    found = [
        each
        for each in receipts(read(store), {digest(guid) for guid in told.guids})
        if partner in (None, each.partner) and each.verdict is not Verdict.NEVER
    ]
    _tell(told, found, as_json)
    return FINDINGS if told.withdrawn and any(each.verdict is Verdict.HAS for each in found) else DONE


def _tell(told: Told, found: list[Receipt], as_json: bool) -> None:
    if as_json:
        withdrawn = told.withdrawn and {
            "revision": told.withdrawn.revision,
            "at": moment(told.withdrawn.time).isoformat(timespec="milliseconds"),
        }
        click.echo(json.dumps({"withdrawn": withdrawn, "receipts": [receipt_object(each) for each in found]}))
    else:
        click.echo("\n".join(receipt_lines(told, found)))
