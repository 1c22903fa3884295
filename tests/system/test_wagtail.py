"""The recipe for Wagtail in docs/cms.md, in a site of its own (`make installed`)."""

from pathlib import Path

import pytest

from tests.system.project import ROOT
from tests.system.test_docs import blocks
from tests.system.test_wheel import Environment, built, run  # noqa: F401  # a fixture
from wireroom.codec import decode
from wireroom.connect import open_log
from wireroom.log import ARTICLES

[RECIPE] = [block for block in blocks(ROOT / "docs/cms.md") if block.language == "python"]


@pytest.mark.network
@pytest.mark.timeout(400)
def test_what_an_editor_does_is_in_the_log(tmp_path: Path, built: Path) -> None:  # noqa: F811
    environment = Environment(tmp_path / "environment", built)
    environment.pip("install", "--no-compile", "wagtail")
    environment.install("sqlite")
    site = tmp_path / "site"
    (site / "news").mkdir(parents=True)
    (site / "news/signals.py").write_text(RECIPE.text)
    run(environment.bin / "python", ROOT / "tests/system/wagtail_site.py", f"sqlite:///{site}/log.db", cwd=site)
    log = open_log(f"sqlite:///{site}/log.db")
    events = [decode(record.value) for record in log.read(log.partitions(ARTICLES)[0], 0, 99)]
    log.close()
    assert [str(event.kind) for event in events] == ["PUBLISHED", "PUBLISHED", "WITHDRAWN", "PUBLISHED", "WITHDRAWN"]
    titles = [event.article.title if event.article else None for event in events]
    assert titles[:3] == ["Old bridge closes", "Old bridge closes for a week", None]
    assert [event.order for event in events] == sorted(event.order for event in events)
    assert len({event.published_at for event in events}) == 1
    assert events[0].article
    assert events[0].article.body_html == "<p>On Monday.</p>"
