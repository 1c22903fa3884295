"""`wireroom keys`: who may push events over HTTP, and which partner may read private feeds."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

import click
from pydantic import TypeAdapter, ValidationError

from wireroom.cli._options import Moment
from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._settings import with_settings
from wireroom.clock import SystemClock, micros, moment
from wireroom.config import Settings
from wireroom.connect import open_store
from wireroom.fields import Id
from wireroom.ingest.scope import BURST, KIND, RATE, Right, Scope
from wireroom.keys import Key, KeyList, mint
from wireroom.partners.keys import PARTNERS, partner_of, scope_of

_DEFAULT = click.core.ParameterSource.DEFAULT
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Keys of senders and of partners.

    A sender pushes events with its key, a partner reads private feeds. To rotate one, create a second, change to it,
    and revoke the first.
    """


def _ids(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> Sequence[str]:
    try:
        return TypeAdapter(tuple[Id, ...]).validate_python(tuple(dict.fromkeys(values)))
    except ValidationError as error:
        raise click.BadParameter(f"{error.errors()[0]['input']!r} is no publication id") from None


@command.command()
@click.option(
    "--publication", "publications", multiple=True, metavar="ID", callback=_ids, help="Whose events it sends."
)
@click.option("--all-publications", is_flag=True, help="It sends everybody's events.")
@click.option("--partner", metavar="ID", help="A partner reads private feeds with it, and sends nothing.")
@click.option(
    "--right",
    "rights",
    type=click.Choice(get_args(Right)),
    multiple=True,
    default=get_args(Right),
    show_default=True,
    help="What it may do; give it twice for both.",
)
@click.option("--label", default="", help="Who has it, for the list.")
@click.option("--expires", type=Moment(), metavar="TIME", help="Until when it is taken, such as 2027-01-01T00:00:00Z.")
@click.option("--rate", type=click.IntRange(1, 1_000_000), default=RATE, show_default=True, help="Events a second.")
@click.option("--burst", type=click.IntRange(1, 10_000_000), default=BURST, show_default=True, help="And at once.")
@_json
@with_settings
def create(
    settings: Settings,
    publications: tuple[str, ...],
    all_publications: bool,
    partner: str | None,
    expires: datetime | None,
    label: str,
    as_json: bool,
    **limits: object,
) -> int:
    """Create a key and show it, this once."""
    if (bool(publications), all_publications, partner is not None).count(True) != 1:
        raise click.UsageError(
            "name each --publication whose events it may send, or give --all-publications, or the --partner who reads"
        )
    now = SystemClock().now()
    if expires is not None and micros(expires) <= now:
        raise click.UsageError("--expires is not in the future")
    if partner is None:
        scope = Scope.model_validate({"publications": publications or None, **limits}).model_dump(mode="json")
    else:
        scope = dict(_of_partner(settings, partner))
    text, key = mint(scope, label, now, micros(expires) if expires else None)
    KeyList(open_store(settings.store.url), KIND if partner is None else PARTNERS).add(key)
    if as_json:
        click.echo(json.dumps({"key": text, **_summary(key, now)}))
    else:
        click.echo(text)
        click.echo("This key is not shown again: keep it where only its user can read it.", err=True)
    return DONE


def _of_partner(settings: Settings, partner: str) -> Mapping[str, str]:
    """The scope of a partner's key. Raises UsageError for options that mean nothing to it."""
    context = click.get_current_context()
    given = [name for name in ("rights", "rate", "burst") if context.get_parameter_source(name) is not _DEFAULT]
    if given:
        raise click.UsageError("--right, --rate and --burst are of senders; a partner's rate is in the settings")
    known = [each.id for each in settings.partners]
    if partner not in known:
        raise click.UsageError(f"{partner!r} is no partner of the settings, which name {', '.join(known) or 'none'}")
    return scope_of(partner)


@command.command("list")
@_json
@with_settings
def list_(settings: Settings, as_json: bool) -> int:
    """List keys, oldest first, without their secrets."""
    now = SystemClock().now()
    store = open_store(settings.store.url)
    found = [key for kind in (KIND, PARTNERS) for key in KeyList(store, kind).read().values()]
    keys = sorted(found, key=lambda key: key.created_at)
    if as_json:
        click.echo(json.dumps([_summary(key, now) for key in keys]))
    else:
        click.echo("\n".join(_line(key, now) for key in keys) or "no keys")
    return DONE


@command.command()
@click.argument("key_id", metavar="ID")
@_json
@with_settings
def revoke(settings: Settings, key_id: str, as_json: bool) -> int:
    """Take a key no more, from two seconds on, for good. ID: as listed, or the whole key."""
    ident = key_id.removeprefix("wr_").partition("_")[0]
    store, now = open_store(settings.store.url), SystemClock().now()
    found = any([KeyList(store, kind).revoke(ident, now) for kind in (KIND, PARTNERS)])
    if as_json:
        click.echo(json.dumps({"revoked": [ident] if found else []}))
    elif found:
        click.echo(f"revoked: {ident}")
    else:
        click.echo(f"there is no key {ident[:12]}; `wireroom keys list` shows them", err=True)
    return DONE if found else FINDINGS


def _summary(key: Key, now: int) -> dict[str, object]:
    return {
        "id": key.id,
        "label": key.label,
        "state": _state(key, now),
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
        **key.scope,
    }


def _line(key: Key, now: int) -> str:
    until = f"until {_time(key.expires_at)}" if key.expires_at is not None else ""
    told = (key.id, f"{_state(key, now):8}", _time(key.created_at), *_whose(key), until, key.label)
    return "  ".join(part for part in told if part)


def _whose(key: Key) -> tuple[str, ...]:
    if partner := partner_of(key):
        return f"partner {partner}", "read"
    scope = Scope.of(key.scope)
    whose = "all publications" if scope.publications is None else ", ".join(scope.publications)
    return whose, "+".join(scope.rights)


def _state(key: Key, now: int) -> str:
    refusal = key.refusal(now)
    return refusal.name.lower() if refusal else "good"


def _time(time: int | None) -> str | None:
    return None if time is None else moment(time).isoformat(timespec="seconds")
