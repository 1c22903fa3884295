"""`wireroom schemas`: our schemas beside every other version of them, in the registry and in our own files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wireroom.cli._outcome import DONE, FINDINGS
from wireroom.cli._settings import with_settings
from wireroom.codec import SCHEMAS
from wireroom.compatibility import breaks, understood
from wireroom.config import Settings
from wireroom.connect import open_registry
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS

if TYPE_CHECKING:
    from wireroom.registry import SchemaRegistry

TOPICS = {ARTICLES: "article_event", BACKFILL: "article_event", DOCUMENTS: "document_changed"}
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Place(NamedTuple):
    """Where versions of a schema are: a subject of the registry, or our files. `version`: which of them is ours."""

    name: str
    schema: str
    version: int | None
    faults: Sequence[str]

    @property
    def lines(self) -> Iterator[str]:
        """As in a diff: `+` ours is missing, `=` it is there, `!` another version and ours cannot read each other."""
        if self.faults:
            yield from (f"! {self.name}: {fault}" for fault in self.faults)
        elif self.version is None:
            yield f"+ {self.name}: {self.schema}"
        else:
            yield f"= {self.name}: {self.schema} is version {self.version}"


@click.group()
def command() -> None:
    """Compare our schemas with a registry's; register them.

    The subjects are those of the topics' values: wireroom.articles-value, wireroom.articles.backfill-value and
    wireroom.documents-value. Nothing is ever taken away, and no rule of the registry is changed.
    """


@command.command()
@_json
@with_settings
def check(settings: Settings, as_json: bool) -> int:
    """Whether all versions can read each other: those of the registry, if one is set, and those published here.

    Exit code 1 when two cannot. That ours is not registered (+) is no finding: Wireroom needs no registry.
    """
    places = [*published(), *(subjects(settings) if settings.registry.url else ())]
    return _told(places, as_json)


@command.command()
@_json
@with_settings
def register(settings: Settings, as_json: bool) -> int:
    """Register our schemas where they are missing (+). Exit code 1 when one could not be."""
    registry = open_registry(settings.registry)
    return _told([_registered(registry, place) for place in subjects(settings)], as_json)


def published() -> list[Place]:
    """Our own files."""
    names = dict.fromkeys(TOPICS.values())
    return [compared(f"schemas/versions/{name}", name, _versions(name)) for name in names]


def subjects(settings: Settings) -> list[Place]:
    """Those of the registry. Raises ConfigurationError, RetryAfter, Red."""
    registry = open_registry(settings.registry)
    found = []
    for topic, schema in TOPICS.items():
        name = f"{settings.log.prefix}{topic}-value"
        try:
            found.append(compared(name, schema, registry.versions(name)))
        except ValueError as error:
            found.append(Place(name, schema, None, [str(error)]))
    return found


def compared(name: str, schema: str, versions: Mapping[int, object]) -> Place:
    """Ours beside other versions. Pure."""
    ours = current(schema)
    own = next((number for number, other in versions.items() if other == ours), None)
    faults = [f"version {number}: {fault}" for number, other in versions.items() for fault in _faults(ours, other)]
    return Place(name, schema, own, faults)


def _faults(ours: object, other: object) -> Iterator[str]:
    try:
        shape = understood(other)
    except ValueError as error:
        yield str(error)
        return
    yield from (f"not readable by ours: {fault}" for fault in breaks(understood(ours), shape))
    yield from (f"cannot read ours: {fault}" for fault in breaks(shape, understood(ours)))


def current(name: str) -> Any:  # noqa: ANN401  # a schema as JSON
    """The schema that we write with."""
    return json.loads((SCHEMAS / f"{name}.avsc").read_text("utf-8"))


def _versions(name: str) -> dict[int, object]:
    return {
        int(path.stem): json.loads(path.read_text("utf-8")) for path in (SCHEMAS / "versions" / name).glob("*.avsc")
    }


def _registered(registry: "SchemaRegistry", place: Place) -> Place:
    """The place once ours is there; what speaks against it is a fault."""
    if place.faults or place.version is not None:
        return place
    refusal = registry.register(place.name, current(place.schema))
    return place if refusal is None else place._replace(faults=[f"the registry refuses {place.schema}: {refusal}"])


def _told(places: Sequence[Place], as_json: bool) -> int:
    lines = [line for place in places for line in place.lines]
    click.echo(json.dumps([place._asdict() for place in places]) if as_json else "\n".join(lines))
    return FINDINGS if any(place.faults for place in places) else DONE
