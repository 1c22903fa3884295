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
from tests.unit.test_openapi import schema
from wireroom.client.service import as_json

EXAMPLES = 30  # of each kind; a few hundred requests, some seconds


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OurSite]:
    for name in set(os.environ) - set(ENVIRONMENT):
        monkeypatch.delenv(name)
    (tmp_path / "ours").mkdir()
    site = OurSite(tmp_path / "ours", "--all-publications")
    with site.process:
        yield site


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("/v1/events", "positive_data_acceptance"),  # the model knows more rules than a schema can say
        (
            "/v1/events:batch",
            "positive_data_acceptance,negative_data_rejection",
        ),  # its lines have verdicts of their own
    ],
)
def test_whatever_is_sent_is_answered_as_it_says(ours: OurSite, path: str, left_out: str, tmp_path: Path) -> None:
    command = [
        str(install.pip(install.SCHEMATHESIS, "st")), "--no-color", "run", str(PATH), "--url", ours.url.rstrip("/"),
        "--include-path", path, "--exclude-checks", left_out, "--header", f"Authorization: Bearer {ours.key}",
        "--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "coverage,fuzzing", "--continue-on-failure",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT | hooks, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "Tested: 1" in done.stdout


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
