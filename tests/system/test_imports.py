"""The import contracts of pyproject.toml hold, and each of them bites."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.system.project import ROOT, copy_to

PLANTED = {
    "apart": ("serve/__init__.py", "import wireroom.feeds"),
    "layers": ("errors.py", "import wireroom.clock"),
    "seams": ("worker/__init__.py", "import wireroom.log.sqlite"),
    "boto3": ("store/probe.py", "import botocore.session"),
    "kafka": ("log/kafka/log.py", "from kafka import KafkaConsumer"),
    "fastavro": ("event.py", "import fastavro"),
    "apsw": ("worker/__init__.py", "import apsw"),
    "h11": ("notify/target.py", "import h11"),
    "nh3": ("feeds/__init__.py", "import nh3"),
    "prometheus": ("ingest/app.py", "import prometheus_client"),
    "feedgen": ("articles/__init__.py", "from feedgen import feed"),
}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NAMES = {contract["id"]: contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}


def broken(project: Path) -> set[str]:
    """The names of the contracts that this copy of the project breaks."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project / "services"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", result.stdout, re.MULTILINE))
    assert set(verdicts) == set(NAMES.values()), result.stdout + result.stderr
    return {name for name, verdict in verdicts.items() if verdict == "BROKEN"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("planted"))


def test_each_contract_has_a_planted_violation() -> None:
    assert set(PLANTED) == set(NAMES)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_just_its_contract(project: Path, contract: str) -> None:
    path, line = PLANTED[contract]
    target = project / "services/wireroom" / path
    before = target.read_bytes()
    target.write_bytes(before + f"\n{line}\n".encode())
    try:
        assert broken(project) == {NAMES[contract]}
    finally:
        target.write_bytes(before)
