"""What docs/notify.md shows receivers works as it stands."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import pytest

from wireroom.config import load
from wireroom.notify.webhook import signed

PAGE = (Path(__file__).parents[3] / "docs/notify.md").read_text()
SECRET, OLD, BODY = b"s" * 32, b"o" * 32, b'{"type":"document.changed"}\n'
HEADERS = signed("radio-e1-7", 1_900_000_000, BODY, [SECRET, OLD])
Verify = Callable[[Mapping[str, str], bytes, bytes, int], bool]


def block(language: str, beginning: str) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(each for each in found if each.startswith(beginning))


@pytest.mark.parametrize(
    ("headers", "body", "secret", "now", "genuine"),
    [
        ({}, BODY, SECRET, 1_900_000_000, True),
        ({}, BODY, OLD, 1_900_000_299, True),
        ({}, BODY, b"x" * 32, 1_900_000_000, False),
        ({}, BODY + b" ", SECRET, 1_900_000_000, False),
        ({}, BODY, SECRET, 1_900_000_301, False),
        ({}, BODY, SECRET, 1_899_999_699, False),
        ({"webhook-timestamp": "1900000001"}, BODY, SECRET, 1_900_000_000, False),
        ({"webhook-id": "radio-e1-8"}, BODY, SECRET, 1_900_000_000, False),
        ({"webhook-signature": "v1,ü"}, BODY, SECRET, 1_900_000_000, False),
    ],
)
def test_the_recipe_in_python(headers: dict[str, str], body: bytes, secret: bytes, now: int, genuine: bool) -> None:
    names: dict[str, object] = {}
    exec(block("python", "import base64"), names)
    verified = cast(Verify, names["verified"])
    assert verified(HEADERS | headers, body, secret, now) is genuine


@pytest.mark.parametrize(("body", "code"), [(BODY, 0), (BODY + b"x", 1)])
@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_the_recipe_in_a_shell(tmp_path: Path, body: bytes, code: int, secret: bytes) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    (tmp_path / "body").write_bytes(body)
    given = {name.removeprefix("webhook-"): value for name, value in HEADERS.items()}
    environment = os.environ | given | {"secret": secret.decode()}
    result = subprocess.run(["sh", "-c", block("sh", "expected=")], cwd=tmp_path, env=environment, check=False)
    assert result.returncode == code


def test_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s" * 32)
    publications = "publications: [{id: morning-post, name: M, language: en, url: 'https://m.example/'}]\n"
    feeds = "feeds: [{id: latest, publication: morning-post}]\n"
    text = block("yaml", "notify:").replace("/run/secrets/harbour", str(tmp_path / "secret"))
    (tmp_path / "wireroom.yaml").write_text(publications + feeds + text)
    assert load(tmp_path / "wireroom.yaml", {}).notify.webhooks[0].keys == (b"s" * 32,)
