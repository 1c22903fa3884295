"""What docs/client.md shows works as it stands, but for the address."""

import re
from pathlib import Path

import pytest

from tests.servers.ingest import KEY
from tests.unit.client.conftest import Rig

PAGE = Path(__file__).parents[3] / "docs/client.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_its_examples_publish(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIREROOM_KEY", KEY)
    assert len(BLOCKS) == 2
    names: dict[str, object] = {}
    for block in BLOCKS:
        assert "https://ingest.example/" in block
        exec(block.replace("https://ingest.example/", rig.url), names)
    assert len(rig.ingest.ids) == 2
    assert len(set(rig.ingest.ids)) == 1
    assert capsys.readouterr().out == "articles 1\n"
