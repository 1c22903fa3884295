"""The section `hooks:`: every fault with its file and line, and no secret in any of them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from wireroom.config import Settings, load
from wireroom.errors import ConfigurationError

GOOD = """
publications:
  - {id: teluk, name: Teluk Pos, language: id, url: "https://teluk.example"}
hooks:
  - cms: ghost
    publication: teluk
    secret: kept by both sides
    paid_body: keep
  - cms: wordpress
    publication: teluk
    secret_file: secrets/wordpress
  - cms: generic
    publication: teluk
    secret: another
    url_template: https://teluk.example/wire/{article_id}
    mapping:
      withdrawn: {path: /cmd, equals: [kill, 0, false]}
      article_id: /id
      published_at: {path: /first, convert: utc}
      modified_at: [/last, /first]
      title:
        - {each: /heads, where: {path: /role, equals: main}, path: /text}
        - /head
      tags: /tags/*/name
      images: {url: /picture}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/wordpress").write_text("from a file\n")
    return tmp_path


def settings(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "wireroom.yaml").write_text(text)
    return load(None, environ or {})


def faults(folder: Path, text: str) -> dict[str, str]:
    """Path -> what was found and expected."""
    with pytest.raises(ConfigurationError) as caught:
        settings(folder, text)
    return {fault.path: f"{fault.found} / {fault.expected}" for fault in caught.value.faults}


def test_a_good_section(folder: Path) -> None:
    ghost, wordpress, generic = settings(folder, GOOD).hooks
    secrets = [hook.secret.get_secret_value() for hook in (ghost, wordpress, generic) if hook.secret]
    assert secrets == ["kept by both sides", "from a file", "another"]
    assert (ghost.paid_body, wordpress.paid_body) == ("keep", "drop")
    assert generic.mapping
    assert generic.mapping.withdrawn[0].equals == ("kill", "0", "false")
    assert [rule.path for rule in generic.mapping.title] == [("/text",), ("/head",)]
    assert generic.mapping.tags[0].each == ("/tags/*/name",)


def test_a_secret_file_is_beside_the_configuration(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc/wireroom.yaml").write_text("hooks: [{cms: ghost, publication: a, secret_file: ghost}]")
    (folder / "etc/ghost").write_text("near")
    [hook] = load(Path("etc/wireroom.yaml"), {}).hooks
    assert hook.secret
    assert hook.secret.get_secret_value() == "near"


def test_hooks_from_the_environment_and_from_a_mounted_file(folder: Path) -> None:
    text = '[{"cms": "ghost", "publication": "teluk", "secret": "s"}]'
    (folder / "mounted").write_text(text)
    assert load(None, {"WIREROOM_HOOKS": text}).hooks == load(None, {"WIREROOM_HOOKS_FILE": "mounted"}).hooks


@pytest.mark.parametrize(
    ("before", "after", "path", "words"),
    [
        ("cms: ghost", "cms: joomla", "wireroom.yaml:5: hooks[0].cms", "'ghost', 'wordpress'"),
        ("    secret: kept by both sides\n", "", "wireroom.yaml:5: hooks[0]", "nothing is accepted unsigned"),
        ("kept by both sides", '""', "wireroom.yaml:7: hooks[0].secret", "empty secret"),
        ("kept by both sides", "[x-y-z]", "wireroom.yaml:7: hooks[0].secret", "a secret / "),
        ("paid_body: keep", "secret_file: x", "wireroom.yaml:8: hooks[0].secret_file", "one of the two"),
        ("paid_body: keep", "mapping: {}", "wireroom.yaml:8: hooks[0].mapping", "it has its own"),
        ("secrets/wordpress", "absent", "wireroom.yaml:11: hooks[1].secret_file", "No such file"),
        ("cms: wordpress", "cms: ghost", "wireroom.yaml:9: hooks[1].cms", "one hook for each"),
        ("teluk\n    secret: k", "other\n    secret: k", "wireroom.yaml:6: hooks[0].publication", "one of teluk"),
        ("{article_id}", "x", "wireroom.yaml:15: hooks[2].url_template", "article_id in braces"),
        ("utc", "local", "wireroom.yaml:19: hooks[2].mapping.published_at[0].convert", "milliseconds"),
        ("title:", "titel:", "wireroom.yaml:22: hooks[2].mapping.titel", "title"),
        ("url: /picture", "url: picture", "wireroom.yaml:25: hooks[2].mapping.images[0].url[0].path[0]", "/post/title"),
        ("      article_id: /id\n", "", "wireroom.yaml:17: hooks[2].mapping.article_id", "required"),
    ],
)  # fmt: skip
def test_each_fault_has_its_place(folder: Path, before: str, after: str, path: str, words: str) -> None:
    assert GOOD.count(before) >= 1
    found = faults(folder, GOOD.replace(before, after, 1))
    assert path in found
    assert words in found[path]
    assert "kept by" not in str(found)
    assert "x-y-z" not in str(found)


def test_generic_needs_a_mapping(folder: Path) -> None:
    found = faults(folder, "hooks: [{cms: generic, publication: a, secret: s}]")
    assert found == {"wireroom.yaml:1: hooks[0].mapping": "nothing / a mapping: generic has none of its own"}


def test_an_empty_secret_file_is_told(folder: Path) -> None:
    (folder / "secrets/wordpress").write_text("\n")
    assert "an empty file" in faults(folder, GOOD)["wireroom.yaml:11: hooks[1].secret_file"]


def test_what_is_no_list_of_hooks_is_told(folder: Path) -> None:
    assert list(faults(folder, "hooks: {cms: ghost}")) == ["wireroom.yaml:1: hooks"]
    assert list(faults(folder, "hooks: [ghost]")) == ["wireroom.yaml:1: hooks[0]"]
