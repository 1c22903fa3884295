"""The settings of notifications: who is told that a document changed, how, and which addresses may be asked."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict

from wireroom.errors import Fault
from wireroom.faults import Expected, found
from wireroom.fields import FeedPath, Few, Id, Url

_LEAST, _MOST = 24, 64  # bytes of a secret: Standard Webhooks 1.0, "Signature scheme"
_SIGNED = "secret or secret_file: nothing is sent unsigned"
_STRONG = f"{_LEAST} to {_MOST} bytes: text, or whsec_ and base64 of them"
WHSEC = "whsec_"


def _is_network(text: str) -> str:
    ip_network(text)
    return text


_NetworkText = Annotated[
    str, Strict(), AfterValidator(_is_network), Expected("a network such as 10.1.0.0/16, without bits after its prefix")
]
_Key = Annotated[
    str, Strict(), Field(pattern=r"^[A-Za-z0-9-]{8,128}$"), Expected("8 to 128 of a-z, A-Z, 0-9 and -")
]  # indexnow.org/documentation


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebhookSettings(_Section):
    """A partner that is told by signed requests."""

    id: Id = Field(description="its name in commands and in what it is sent")
    url: Url = Field(description="where it is told")
    feeds: Annotated[tuple[FeedPath, ...], Few()] = Field((), description="feeds, each as publication/feed")
    publications: Annotated[tuple[Id, ...], Few()] = Field((), description="publications whose articles it is told of")
    secret: SecretStr | None = Field(None, description=f"what is signed with; {_STRONG}")
    secret_file: str | None = Field(None, description="path of a file that holds the secret, instead")
    old_secret: SecretStr | None = Field(None, description="the secret before it, while the partner may still have it")
    old_secret_file: str | None = Field(None, description="path of a file that holds the old secret, instead")

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What is signed with, the newest first."""
        return tuple(secret_bytes(each.get_secret_value()) for each in (self.secret, self.old_secret) if each)


class IndexNowSettings(_Section):
    """Search engines are told of articles that came, changed or went."""

    key: _Key | None = Field(None, description="proves that the sites are ours; without it nobody is told")
    endpoint: Url = Field("https://api.indexnow.org/indexnow", description="which engine is told, and tells the others")


class NotifySettings(_Section):
    """Who is told that documents changed."""

    webhooks: tuple[WebhookSettings, ...] = Field((), description="partners that are told by signed requests")
    indexnow: IndexNowSettings = Field(IndexNowSettings(), description="search engines that are told by IndexNow")
    hubs: Annotated[tuple[Url, ...], Few(10)] = Field(
        (), description="WebSub hubs of others, which the feeds then name"
    )
    hub: Annotated[bool, Strict(), Expected("true or false")] = Field(
        False, description="true: we run a WebSub hub of our own, at /hub, which the public feeds then name"
    )
    allow: Annotated[tuple[_NetworkText, ...], Few(100)] = Field(
        (), description="networks that may be asked though they are not public, or without TLS"
    )

    @property
    def anyone(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.webhooks or self.indexnow.key or self.hubs or self.hub)


def secret_bytes(secret: str) -> bytes:
    """A secret as it is signed with (Standard Webhooks 1.0). Raises ValueError when it has a wrong form or length."""
    try:
        key = (
            base64.b64decode(secret.removeprefix(WHSEC), validate=True) if secret.startswith(WHSEC) else secret.encode()
        )
    except binascii.Error as error:
        raise ValueError(_STRONG) from error
    if not _LEAST <= len(key) <= _MOST:
        raise ValueError(_STRONG)
    return key


def notify_faults(tree: Mapping[str, Any], publications: list[Any], feeds: list[Any]) -> Iterator[Fault]:
    """What is wrong with values of `notify:` that may each be right; names are known only where any is declared.

    `publications`: their ids; `feeds`: pairs of publication and id.
    """
    known = [f"{publication}/{feed}" for publication, feed in feeds]
    seen: set[object] = set()
    for path, webhook in webhooks_of(tree):
        if (ident := str(webhook.get("id"))) in seen:
            yield Fault(f"{path}.id", repr(ident), "an id that no other one has")
        seen.add(ident)
        if not webhook.get("feeds") and not webhook.get("publications"):
            yield Fault(path, "neither feeds nor publications", "what it is told of")
        if publications:
            yield from _strangers(f"{path}.publications", webhook.get("publications"), publications)
            yield from _strangers(f"{path}.feeds", webhook.get("feeds"), known)
        yield from _unsigned(path, webhook)


def webhooks_of(tree: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The webhooks in a configuration's plain values, each with its path."""
    notify = tree.get("notify")
    values = notify.get("webhooks") if isinstance(notify, Mapping) else None
    if not isinstance(values, list):
        return []
    return [(f"notify.webhooks[{at}]", value) for at, value in enumerate(values) if isinstance(value, dict)]


def _strangers(path: str, named: object, known: list[Any]) -> Iterator[Fault]:
    if isinstance(named, list):
        for at, one in enumerate(named):
            if isinstance(one, str) and one not in known:
                expected = f"one of {', '.join(map(str, known))}" if known else "one that is declared; none is"
                yield Fault(f"{path}[{at}]", repr(one), expected)


def _unsigned(path: str, webhook: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("secret", "old_secret"):
        if {name, f"{name}_file"} <= webhook.keys():
            yield Fault(f"{path}.{name}_file", f"{name} as well", "one of the two")
        elif isinstance(text := webhook.get(name), str):
            try:
                secret_bytes(text)
            except ValueError as error:
                yield Fault(f"{path}.{name}", f"{len(text.encode())} bytes", str(error))
    if not {"secret", "secret_file"} & webhook.keys():
        yield Fault(path, "no secret", _SIGNED)


def webhook_secrets_read(tree: Mapping[str, Any], folder: Path) -> Iterator[Fault]:
    """Put what is in each `secret_file` (relative to `folder`) in place as the secret, or say why it cannot be."""
    for path, webhook in webhooks_of(tree):
        for name in ("secret", "old_secret"):
            file = webhook.get(f"{name}_file")
            if name in webhook or not isinstance(file, str):
                continue
            try:
                text = (folder / file).read_text("utf-8").strip()
                secret_bytes(text)
            except OSError as error:
                yield Fault(f"{path}.{name}_file", found(file), f"a file that holds the secret ({error})")
            except ValueError as error:
                yield Fault(f"{path}.{name}_file", f"what {found(file)} holds", str(error))
            else:
                webhook[name] = text
