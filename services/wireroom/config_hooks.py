"""The settings of hooks: which system may push to which publication, and the secret that it signs with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict

from wireroom.errors import Fault
from wireroom.faults import Expected, found
from wireroom.fields import Id
from wireroom.mapping import Mapped

Cms = Literal["ghost", "wordpress", "superdesk", "ninjs", "generic"]
ARTICLE_ID = "{article_id}"
_SIGNED = "secret or secret_file: nothing is accepted unsigned"


def _is_template(url: str) -> str:
    if ARTICLE_ID not in url:
        raise ValueError
    return url


_Template = Annotated[
    str,
    Strict(),
    Field(pattern=r"^https?://[^\s\p{Cc}<>\"\\^`|]+$"),
    AfterValidator(_is_template),
    Expected(f"an http or https URL with {ARTICLE_ID.strip('{}')} in braces"),
]


class HookSettings(BaseModel):
    """What one system may push to one publication: `POST /v1/hooks/{cms}/{publication}[/{event}]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cms: Cms = Field(description="ghost, wordpress, superdesk, ninjs or generic: the system's name in the address")
    publication: Id = Field(description="the publication that it pushes to")
    secret: SecretStr | None = Field(None, description="what it signs with")
    secret_file: str | None = Field(None, description="path of a file that holds the secret, instead")
    paid_body: Literal["drop", "keep"] = Field(
        "drop", description="keep: the body of REGISTERED and PAID articles is taken too"
    )
    url_template: _Template | None = Field(
        None, description="the address of stories that come without one, article_id in braces in it"
    )
    mapping: Mapped | None = Field(None, description="of generic: which path fills which field; see docs/cms.md")


def hook_faults(hooks: list[tuple[str, dict[str, Any]]], publications: list[Any]) -> Iterator[Fault]:
    """What is wrong with values of hooks that may each be right. `publications`: the ids of those that are declared."""
    seen: set[tuple[object, object]] = set()
    for path, hook in hooks:
        cms, publication = str(hook.get("cms")), str(hook.get("publication"))
        if (cms, publication) in seen:
            yield Fault(f"{path}.cms", f"{cms} for {publication} again", "one hook for each system and publication")
        seen.add((cms, publication))
        if publications and "publication" in hook and publication not in publications:
            yield Fault(f"{path}.publication", repr(publication), f"one of {', '.join(map(str, publications))}")
        if (cms == "generic") != ("mapping" in hook):
            expected = "a mapping: generic has none of its own" if cms == "generic" else "none: it has its own"
            yield Fault(f"{path}.mapping", "a mapping" if "mapping" in hook else "nothing", expected)
        yield from _unsigned(path, hook)


def _unsigned(path: str, hook: Mapping[str, Any]) -> Iterator[Fault]:
    given = {"secret", "secret_file"} & hook.keys()
    if len(given) == 2:
        yield Fault(f"{path}.secret_file", "secret as well", "one of the two")
    elif not given:
        yield Fault(path, "no secret", _SIGNED)
    elif hook.get("secret") in (None, "") and "secret" in given:
        yield Fault(f"{path}.secret", "an empty secret", _SIGNED)


def secrets_read(hooks: list[tuple[str, dict[str, Any]]], folder: Path) -> Iterator[Fault]:
    """Put what is in each `secret_file` (relative to `folder`) in place as the secret, or say why it cannot be."""
    for path, hook in hooks:
        name = hook.get("secret_file")
        if "secret" in hook or not isinstance(name, str):
            continue
        try:
            text = (folder / name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            yield Fault(f"{path}.secret_file", found(name), f"a file that holds the secret ({error})")
            continue
        if not text:
            yield Fault(f"{path}.secret_file", "an empty file", _SIGNED)
        hook["secret"] = text
