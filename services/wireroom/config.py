"""The settings: one `wireroom.yaml`, every value also as an environment variable `WIREROOM_SECTION__KEY`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict, ValidationError
from pydantic_core import PydanticCustomError

from wireroom.config_environment import CONFIG, overlay
from wireroom.config_file import Given, placed, read
from wireroom.config_hooks import HookSettings, hook_faults, secrets_read
from wireroom.config_moved import OldPaths, moved_faults
from wireroom.config_notify import NotifySettings, notify_faults, webhook_secrets_read
from wireroom.config_partners import PRIVATE, AccessLogSettings, PartnerSettings, partner_faults
from wireroom.errors import ConfigurationError, Fault
from wireroom.faults import Expected, faults_of
from wireroom.fields import Few, Id, Language, Name, Url
from wireroom.s3_url import S3_URL, parse_s3_url

DEFAULT_FILE = "wireroom.yaml"
OUTPUTS = frozenset({"feeds", "sitemaps", "articles"})


def _is_base(url: str) -> str:
    if "?" in url or "#" in url:
        raise ValueError
    return url


_Base = Annotated[Url, AfterValidator(_is_base), Expected("an absolute http or https URL without ? and #")]
_Entries = Annotated[int, Strict(), Field(ge=1, le=1000), Expected("a whole number from 1 to 1000")]
_Minutes = Annotated[
    int, Strict(), Field(ge=0, le=43_200), Expected("minutes: a whole number from 0 to 43200, 30 days")
]
_Shards = Annotated[int, Strict(), Field(ge=1, le=1000), Expected("a whole number from 1 to 1000")]
_Seconds = Annotated[
    float, Field(ge=0, le=3600, allow_inf_nan=False, strict=True), Expected("seconds: a number from 0 to 3600")
]
_Lifetime = Annotated[int, Strict(), Field(ge=0, le=86_400), Expected("seconds: a whole number from 0 to 86400, a day")]
_Header = Annotated[
    str, Strict(), Field(pattern=r"^[\x21-\x7E][\x20-\x7E]*$"), Expected("a header's value, such as public, max-age=60")
]
_Prefix = Annotated[
    str, Strict(), Field(pattern=r"^[A-Za-z0-9._-]{0,64}$"), Expected("at most 64 of A-Z, a-z, 0-9, dot, _ and -")
]
LOG_URL = "sqlite:///path of a file, or kafka://host:port,host:port"
STORE_URL = f"file:///path of a folder, or {S3_URL}"
_BROKER = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
_LOG = rf"^(sqlite:///[^?#\p{{Cc}}]*[^?#\p{{Cc}}/]|kafka://{_BROKER}(,{_BROKER})*)$"
_LogUrl = Annotated[str, Strict(), Field(pattern=_LOG), Expected(LOG_URL)]
_Format = Literal["rss", "atom", "json"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]
_NEEDED: Mapping[str, Sequence[Sequence[str]]] = {  # what each mechanism needs: of each list, one
    "PLAIN": [["user password"]],
    "SCRAM-SHA-256": [["user password"]],
    "SCRAM-SHA-512": [["user password"]],
    "OAUTHBEARER": [["token", "token_url user password"]],
    "AWS_MSK_IAM": [["tls"]],
}


def _is_store(url: str) -> str:
    if url.startswith("s3://"):
        try:
            parse_s3_url(url)
        except ValueError as error:
            raise PydanticCustomError("s3", "{words}", {"words": str(error)}) from error
    return url


_StoreUrl = Annotated[
    str,
    Strict(),
    Field(pattern=r"^(file:///[^?#\p{Cc}]+|s3://[^#\p{Cc}]+)$"),
    Expected(STORE_URL),
    AfterValidator(_is_store),
]


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or len(set(values)) < len(values):
        raise ValueError
    return values


_Formats = Annotated[
    tuple[_Format, ...], AfterValidator(_once), Expected("a list of rss, atom and json, each at most once")
]
_Names = Annotated[tuple[Name, ...], Few()]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Publication(_Section):
    """One news site or brand. `public_url`: where its documents are read, if not where all others are."""

    id: Id = Field(description="as its events name it")
    name: Name = Field(description="as shown on Google News")
    language: Language = Field(description="of articles that name none; BCP 47")
    url: Url = Field(description="its home page")
    public_url: _Base | None = Field(None, description="where its documents are read, if not where all others are")
    paid: Literal["summary", "full"] = Field(
        "summary", description="full: article documents show the body of PAID articles too"
    )
    shards: _Shards = Field(1, description="how many ways its events are split, when it is too large for one worker")


class Selection(_Section):
    """A choice of articles: every list that is given must share a value with the article."""

    sections: _Names = Field((), description="names of sections")
    tags: _Names = Field((), description="tags")
    authors: _Names = Field((), description="names of authors")
    languages: Annotated[tuple[Language, ...], Few()] = Field((), description="language tags; en takes en-GB too")
    access: Annotated[tuple[Literal["FREE", "METERED", "REGISTERED", "PAID"], ...], Few()] = Field(
        (), description="FREE, METERED, REGISTERED, PAID"
    )


class FeedSettings(_Section):
    """A declared selection of articles, in one or more formats."""

    id: Id = Field(description="its name in paths")
    publication: Id = Field(description="the publication that owns it")
    publications: Annotated[tuple[Id, ...], Few()] = Field((), description="all that it selects from, if several")
    formats: _Formats = Field(("rss", "atom", "json"), description="rss, atom, json")
    title: Name | None = Field(None, description="its title; the publication's name if not given")
    description: Name | None = Field(None, description="what it is about")
    entries: _Entries = Field(50, description="how many articles it shows")
    minutes: _Minutes = Field(0, description="what is younger than this stays, up to 5 times `entries`")
    include: Selection = Field(Selection(), description="only what shares a value with every list given here")
    exclude: Selection = Field(Selection(), description="nothing that shares a value with a list given here")
    content: Literal["full", "summary"] = Field("full", description="full: the body too; summary: not the body")
    paid: Literal["summary", "full"] = Field("summary", description="full: the body of PAID articles too")
    archive: Annotated[bool, Strict(), Expected("true or false")] = Field(
        False, description="true: what it no longer shows stays in pages, one a day, that it links to"
    )
    cache_control: _Header = Field("public, max-age=60", description="how long others may keep it")
    moved_from: OldPaths = Field((), description="paths that it had before, such as /rss.xml: they lead to it")
    private: Annotated[bool, Strict(), Expected("true or false")] = Field(
        False, description="true: only the partners that may read it do, under private/"
    )

    @property
    def stem(self) -> str:
        """The keys of its documents without their endings."""
        return f"{'private/' if self.private else ''}feeds/{self.publication}/{self.id}"

    @property
    def caching(self) -> str:
        """Cache-Control of its documents: of a private feed `private, no-store`, unless it says otherwise."""
        return PRIVATE if self.private and "cache_control" not in self.model_fields_set else self.cache_control


class Security(_Section):
    """How Kafka's brokers are reached, and who asks."""

    tls: Annotated[bool, Strict(), Expected("true or false")] = Field(False, description="whether to talk in TLS")
    ca: str | None = Field(None, description="path of a PEM file: whom to trust, if not whom the machine trusts")
    certificate: str | None = Field(None, description="path of a PEM file: our certificate")
    key: str | None = Field(None, description="path of a PEM file: its key")
    key_password: SecretStr | None = Field(None, description="what the key is locked with")
    mechanism: Mechanism | None = Field(None, description=f"of SASL: {', '.join(get_args(Mechanism))}")
    user: str | None = Field(None, description="for PLAIN and SCRAM; the client's id for OAUTHBEARER")
    password: SecretStr | None = Field(None, description="its password; the client's secret for OAUTHBEARER")
    token_url: Url | None = Field(None, description="where OAUTHBEARER gets tokens, by the client's id and secret")
    token: str | None = Field(None, description="path of a file in which another program keeps the current token")


class LogSettings(_Section):
    """Where events live."""

    url: _LogUrl = Field("sqlite:///data/wireroom.db", description=LOG_URL)
    prefix: _Prefix = Field("wireroom.", description="what the names of topics and groups begin with")
    security: Security = Field(Security(), description="how Kafka's brokers are reached")


class StoreSettings(_Section):
    """Where documents and editions live."""

    url: _StoreUrl = Field("file:///data/store", description=STORE_URL)


class RegistrySettings(_Section):
    """Where the schemas of other producers are, for events in Confluent's framing."""

    url: _Base | None = Field(None, description="a schema registry, with the path of its Confluent interface")
    user: str | None = Field(None, description="who asks, with `password`")
    password: SecretStr | None = Field(None, description="its password")
    token: SecretStr | None = Field(None, description="a bearer token, instead of user and password")
    ca: str | None = Field(None, description="path of a PEM file: whom to trust, if not whom the machine trusts")


class Settings(_Section):
    """Everything that can be set. Without publications, each one that turns up is taken (`discover`)."""

    publications: tuple[Publication, ...] = Field((), description="the news sites; none: each one that turns up")
    feeds: tuple[FeedSettings, ...] = Field((), description="the feeds of the publications")
    hooks: tuple[HookSettings, ...] = Field((), description="which systems may push, and by which secret")
    notify: NotifySettings = Field(NotifySettings(), description="who is told that documents changed")
    partners: tuple[PartnerSettings, ...] = Field((), description="who may read private feeds")
    access_log: AccessLogSettings = Field(AccessLogSettings(), description="what is kept of partners' requests")
    public_url: _Base = Field("http://127.0.0.1:8080/", description="where documents are read")
    log: LogSettings = Field(LogSettings(), description="where events live")
    store: StoreSettings = Field(StoreSettings(), description="where documents and editions live")
    registry: RegistrySettings = Field(RegistrySettings(), description="where other producers' schemas are")
    cache_seconds: _Lifetime = Field(
        300, description="how long caches may keep a document at most, and so one that is withdrawn meanwhile"
    )
    flush_interval: _Seconds = Field(1.0, description="seconds between two writes of one edition, at least")

    @property
    def discover(self) -> bool:
        """Whether publications are taken as they turn up."""
        return not self.publications

    @property
    def hub(self) -> str:
        """The address of our own WebSub hub."""
        return f"{self.public_url.rstrip('/')}/hub"

    @property
    def hubs(self) -> Sequence[str]:
        """The WebSub hubs that public feeds name, our own first."""
        return [self.hub] * self.notify.hub + list(self.notify.hubs)

    @property
    def shards(self) -> Mapping[str, int]:
        """How many ways the events of each publication are split."""
        return {publication.id: publication.shards for publication in self.publications}


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (`WIREROOM_CONFIG`, else `wireroom.yaml` if there is one) and of the environment.

    Paths in URLs are relative to the file, else to the working folder. Raises ConfigurationError with every fault.
    """
    file = chosen(path, environ)
    folder = (file.parent if file else Path()).absolute()
    given = overlay(read(file) if file else Given(), environ, Settings)
    contradictions = [
        *_contradictions(given.tree),
        *secrets_read(_objects(given.tree, "hooks"), folder),
        *webhook_secrets_read(given.tree, folder),
    ]
    faults = [placed(fault, given.origins) for fault in contradictions]
    try:
        settings = Settings.model_validate(given.tree)
    except ValidationError as error:
        faults = [*(placed(fault, given.origins) for fault in faults_of(error, Settings)), *faults]
    if faults := [*given.faults, *faults]:
        raise ConfigurationError(faults)
    return _resolved(settings, folder)


def chosen(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file that `load` reads; None when there is none."""
    if path is None and environ.get(CONFIG):
        path = Path(environ[CONFIG])
    default = Path(DEFAULT_FILE)
    return path or (default if default.exists() else None)


def _resolved(settings: Settings, folder: Path) -> Settings:
    log = settings.log.model_copy(update={"url": _absolute(settings.log.url, folder)})
    store = settings.store.model_copy(update={"url": _absolute(settings.store.url, folder)})
    return settings.model_copy(update={"log": log, "store": store})


def _absolute(url: str, folder: Path) -> str:
    scheme, is_path, path = url.partition(":///")
    return f"{scheme}:///{folder / path}" if is_path else url  # an absolute path stays what it is


def _contradictions(tree: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with values that may each be right."""
    publications, feeds = _objects(tree, "publications"), _objects(tree, "feeds")
    ids = [publication.get("id") for _, publication in publications]
    yield from _repeated(publications, ids)
    yield from _repeated(feeds, [(feed.get("publication"), feed.get("id")) for _, feed in feeds])
    for path, feed in feeds:
        if str(feed.get("id")) in OUTPUTS:
            yield Fault(f"{path}.id", repr(feed["id"]), "another id: an article's `exclude` means all feeds by it")
        yield from _strangers(path, feed, ids)
    yield from moved_faults(feeds)
    yield from hook_faults(_objects(tree, "hooks"), ids)
    yield from notify_faults(tree, ids, [(feed.get("publication"), feed.get("id")) for _, feed in feeds])
    yield from partner_faults(_objects(tree, "partners"), feeds)
    yield from _half_secure(tree)
    yield from _half_registered(tree)


def _half_secure(tree: Mapping[str, Any]) -> Iterator[Fault]:
    """What a mechanism needs and is not given."""
    log = tree.get("log")
    security = log.get("security") if isinstance(log, Mapping) else None
    if not isinstance(security, Mapping):
        return
    given = {name for name, value in security.items() if value not in (None, False)}
    needed = _NEEDED.get(str(security.get("mechanism")), ())
    for alternatives in needed:
        if not any(given.issuperset(names.split()) for names in alternatives):
            words = " or ".join(names.replace(" ", " and ") for names in alternatives)
            yield Fault("log.security", str(security["mechanism"]), f"{words} with it")


def _half_registered(tree: Mapping[str, Any]) -> Iterator[Fault]:
    registry = tree.get("registry")
    given = set(registry) if isinstance(registry, Mapping) else set()
    if len(given & {"user", "password"}) == 1 or {"user", "token"} <= given:
        yield Fault("registry", " and ".join(sorted(given)), "user and password, or token, or none of them")
    if given and "url" not in given:
        yield Fault("registry", " and ".join(sorted(given)), "url with it")


def _objects(tree: Mapping[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    values = tree.get(key)
    if not isinstance(values, list):
        return []
    return [(f"{key}[{at}]", value) for at, value in enumerate(values) if isinstance(value, dict)]


def _repeated(objects: list[tuple[str, dict[str, Any]]], names: list[Any]) -> Iterator[Fault]:
    counts = Counter(map(str, names))
    seen: set[str] = set()
    for (path, value), name in zip(objects, map(str, names), strict=True):
        if counts[name] > 1 and name in seen:
            yield Fault(f"{path}.id", repr(value.get("id")), "an id that no other one has")
        seen.add(name)


def _strangers(path: str, feed: Mapping[str, Any], ids: list[Any]) -> Iterator[Fault]:
    several = feed.get("publications")
    named = {f"{path}.publications[{at}]": one for at, one in enumerate(several)} if isinstance(several, list) else {}
    if "publication" in feed:
        named[f"{path}.publication"] = feed["publication"]
    known = ", ".join(dict.fromkeys(map(str, ids))) or "a publication; none is declared under `publications`"
    for where, one in named.items():
        if isinstance(one, str) and one not in ids:
            yield Fault(where, repr(one), f"one of {known}" if ids else known)
