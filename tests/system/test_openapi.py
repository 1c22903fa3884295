"""Our ingest does what schemas/openapi.yaml says: whatever schemathesis makes of it, and line by line of a batch."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from tests.contract.test_ingest import ENVIRONMENT, OurSite
from tests.openapi import PATH
from tests.servers import install
from tests.unit.events import put
from tests.unit.test_openapi import DOCUMENT, schema
from wireroom.client.service import as_json
from wireroom.log import BACKFILL

HOOK_PATHS = [path for path in DOCUMENT["paths"] if "/hooks/" in path]
SYSTEMS = ("ghost", "wordpress", "superdesk", "ninjs")
HOOKS = [{"cms": cms, "publication": "daily", "secret": "kept by both sides"} for cms in SYSTEMS]
EXAMPLES = 30  # of each kind; a few hundred requests, some seconds


SIGNATURES = [f"{name}: x" for name in ("X-Hub-Signature-256", "X-Superdesk-Signature", "X-Ghost-Signature")]


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OurSite]:
    for name in set(os.environ) - set(ENVIRONMENT):
        monkeypatch.delenv(name)
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "wireroom.yaml").write_text(json.dumps({"hooks": HOOKS}))  # JSON is YAML
    site = OurSite(folder, "--all-publications")
    with site.process:
        yield site


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events:batch"])
def test_whatever_is_sent_is_answered_as_it_says(ours: OurSite, path: str, tmp_path: Path) -> None:
    """What the schema takes is taken, what it refuses is refused; of a batch, line by line."""
    batch = ["--exclude-checks", "negative_data_rejection"] if path.endswith("batch") else []
    said = schemathesis(tmp_path, ours, "--include-path", path, "--header", f"Authorization: Bearer {ours.key}", *batch)
    assert "Tested: 1" in said
    assert len(ours.ids()) + len(ours.ids(BACKFILL)) > EXAMPLES / 2


@pytest.mark.parametrize("path", HOOK_PATHS)
def test_whatever_a_system_signs_is_answered_as_it_says(ours: OurSite, path: str, tmp_path: Path) -> None:
    """Any JSON may be pushed; whether it is an article no schema says."""
    signed = [word for header in SIGNATURES for word in ("--header", header)]
    left_out = ["--exclude-checks", "positive_data_acceptance,negative_data_rejection"]
    said = schemathesis(tmp_path, ours, "--include-path", path, *signed, *left_out)
    assert "Tested: 1" in said


def schemathesis(folder: Path, ours: OurSite, *words: str) -> str:
    """What it prints about a part of schemas/openapi.yaml, of which it finds nothing untrue."""
    command = [
        str(install.pip(install.SCHEMATHESIS, "st")), "--no-color", "run", str(PATH), "--url", ours.url.rstrip("/"),
        "--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "coverage,fuzzing", "--continue-on-failure", *words,
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT | hooks, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    return done.stdout


def test_every_line_of_a_batch_is_answered_as_it_says(ours: OurSite) -> None:
    good = as_json(put("a")).value
    large = good.replace(b"<p>a 1</p>", b"x" * 900_000)
    lines = [good, b"", b"{}", b"{", large, b'{"kind": "\xff"}', good]
    answer = urllib3.request(
        "POST",
        f"{ours.url}v1/events:batch",
        body=b"\n".join(lines),
        headers={"Authorization": f"Bearer {ours.key}", "Content-Type": "application/x-ndjson"},
    )
    results = [json.loads(line) for line in answer.data.splitlines()]
    assert [(result["line"], result["status"]) for result in results] == [
        (1, 202), (3, 422), (4, 422), (5, 413), (6, 422), (7, 202),
    ]  # fmt: skip
    for result in results:
        schema("LineAccepted" if result["status"] == 202 else "LineRefused").validate(result)
