"""The section `notify:`: every fault with its file and line, and no secret in any of them."""

import base64
from pathlib import Path

import pytest

from wireroom.config import Settings, load
from wireroom.errors import ConfigurationError

SECRET = "CANARY-0123456789-0123456789"
GOOD = f"""
publications:
  - {{id: daily, name: Daily, language: en, url: "https://daily.example"}}
feeds:
  - {{id: latest, publication: daily}}
notify:
  webhooks:
    - id: partner
      url: https://partner.example/in
      feeds: [daily/latest]
      publications: [daily]
      secret: {SECRET}
      old_secret_file: secrets/old
    - id: other
      url: https://other.example/in
      publications: [daily]
      secret_file: secrets/new
  indexnow:
    key: 0123456789abcdef
  hubs: ["https://hub.example/"]
  allow: [10.1.0.0/16, "fd00::/8"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/old").write_text("an older one of twenty-eight\n")
    (tmp_path / "secrets/new").write_text("whsec_" + base64.b64encode(b"n" * 32).decode() + "\n")
    return tmp_path


def loaded(folder: Path, text: str = GOOD, **environ: str) -> Settings:
    (folder / "wireroom.yaml").write_text(text)
    return load(folder / "wireroom.yaml", environ)


def faults(folder: Path, *changes: tuple[str, str], **environ: str) -> list[str]:
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    with pytest.raises(ConfigurationError) as raised:
        loaded(folder, text, **environ)
    found = [str(fault).removeprefix(f"{folder}/") for fault in raised.value.faults]
    assert "CANARY" not in "".join(found)
    return found


def test_secrets_as_they_are_signed_with(folder: Path) -> None:
    one, other = loaded(folder).notify.webhooks
    assert one.keys == (SECRET.encode(), b"an older one of twenty-eight")
    assert other.keys == (b"n" * 32,)
    assert "CANARY" not in repr(one)


def test_nobody_is_told_without_a_section() -> None:
    assert not Settings().notify.anyone
    for section in ({"indexnow": {"key": "0123456789"}}, {"hubs": ["https://hub.example/"]}):
        assert Settings.model_validate({"notify": section}).notify.anyone


def test_the_key_of_indexnow_from_a_file(folder: Path) -> None:
    (folder / "key").write_text("fedcba9876543210\n")
    settings = loaded(folder, WIREROOM_NOTIFY__INDEXNOW__KEY_FILE=str(folder / "key"))
    assert settings.notify.indexnow.key == "fedcba9876543210"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("id: other", "id: partner", "notify.webhooks[1].id: found 'partner', expected an id that no other one has"),
        ("[daily/latest]", "[daily/lates]", "feeds[0]: found 'daily/lates', expected one of daily/latest"),
        ("[daily/latest]", "[latest]", "feeds[0]: found 'latest', expected publication/feed"),
        ("publications: [daily]", "publications: [dayly]", "publications[0]: found 'dayly', expected one of daily"),
        (SECRET, "CANARY", "notify.webhooks[0].secret: found 6 bytes, expected 24 to 64 bytes"),
        (SECRET, "whsec_CANARY!", "notify.webhooks[0].secret: found 13 bytes, expected 24 to 64 bytes"),
        (SECRET, "''", "notify.webhooks[0].secret: found 0 bytes, expected 24 to 64 bytes"),
        (f"secret: {SECRET}", "feeds: []", "found the key feeds again"),
        ("old_secret_file: secrets/old", "old_secret_file: secrets/none", "expected a file that holds the secret"),
        ("secret_file: secrets/new", "secret_file: secrets", "expected a file that holds the secret"),
        ("      secret_file: secrets/new\n", "", "notify.webhooks[1]: found no secret, expected secret or secret_file"),
        ("old_secret_file", "secret_file", "secret_file: found secret as well, expected one of the two"),
        ("url: https://partner.example/in", "url: ftp://partner.example", "expected an absolute http or https URL"),
        ("key: 0123456789abcdef", "key: short", "notify.indexnow.key: found 'short', expected 8 to 128"),
        ("10.1.0.0/16", "10.1.0.1/16", "notify.allow[0]: found '10.1.0.1/16', expected a network"),
        ("hubs: [", "hub: [", "notify.hub: "),
        ("id: other", "idd: other", "notify.webhooks[1].idd"),
    ],
)
def test_a_fault(folder: Path, before: str, after: str, fault: str) -> None:
    assert any(fault in each for each in faults(folder, (before, after)))


def test_all_at_once_with_their_lines(folder: Path) -> None:
    found = faults(
        folder,
        ("feeds: [daily/latest]\n      publications: [daily]", "feeds: []"),
        ("secret_file: secrets/new", "secret_file: secrets/none"),
    )
    assert len(found) == 2
    assert found[0].startswith("wireroom.yaml:8: notify.webhooks[0]: found neither feeds nor publications")
    assert found[1].startswith("wireroom.yaml:16: notify.webhooks[1].secret_file: found 'secrets/none'")


def test_any_publication_may_be_named_where_none_is_declared(folder: Path) -> None:
    text = "notify: {webhooks: [{id: a, url: 'https://a.example', publications: [any], secret: " + "s" * 32 + "}]}"
    assert loaded(folder, text).notify.webhooks[0].publications == ("any",)
