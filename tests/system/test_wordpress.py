"""The plugin in deploy/wordpress, run by PHP on a stand-in for WordPress; what it sends is received."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.golden.hooks.deliveries import CASES, RECEIVED, SECRET, SETTINGS
from tests.system.project import ROOT
from wireroom.clock import micros
from wireroom.codec import decode
from wireroom.event import ArticleEvent, Kind
from wireroom.ingest.hooks import Delivery
from wireroom.ingest.hooks.receive import receive

REST = next(json.loads(case.body) for case in CASES if case.name == "wordpress-published")
POST = {
    "ID": REST["id"],
    "post_type": "post",
    "post_status": "publish",
    "post_date_gmt": "2026-11-24 08:30:00",
    "post_modified_gmt": "2026-11-24 09:05:09",
}
DRAFT, TRASH = (
    {**POST, "post_status": "draft", "post_date_gmt": "0000-00-00 00:00:00"},
    {**POST, "post_status": "trash"},
)
PAGE, FUTURE = {**POST, "post_type": "page"}, {**POST, "post_status": "future"}
ID = REST["id"]


@pytest.fixture(scope="module")
def php() -> str:
    program = shutil.which("php")
    if program is None:
        assert not os.environ.get("CI"), "PHP is not here: apt-get install php-cli"
        pytest.skip("PHP is not here: apt-get install php-cli")
    return program


class Scene:
    """What WordPress does, and what came of it."""

    def __init__(self, php: str, *steps: Sequence[object], codes: Sequence[int] = (202,) * 9, **more: object) -> None:
        scene = {"post": REST, "status": "publish", "configured": True, "secret": SECRET.decode(), "codes": codes}
        done = subprocess.run(
            [php, str(ROOT / "tests/system/wordpress.php")],
            input=json.dumps(scene | {"steps": steps} | more).encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        self.errors = done.stderr.decode()
        told: dict[str, list[Any]] = json.loads(done.stdout)
        self.sent, self.put_off = told["sent"], told["put_off"]

    @property
    def events(self) -> list[ArticleEvent]:
        """What is understood of it."""
        return [event for request in self.sent for event in understood(request)]


def understood(request: dict[str, Any]) -> list[ArticleEvent]:
    cms, publication, event = request["url"].removeprefix("https://wireroom.example/v1/hooks/").split("/")
    headers = {name.lower(): value for name, value in request["headers"].items()}
    outcome = receive(SETTINGS, Delivery(cms, publication, event, headers, request["body"].encode(), RECEIVED))
    assert outcome.messages, outcome
    return [decode(message.value) for message in outcome.messages]


def saved(post: object, before: object = None) -> tuple[str, list[object]]:
    return "wp_after_insert_post", [ID, post, before is not None, before]


def test_a_post_that_is_published_is_pushed_whole(php: str) -> None:
    scene = Scene(php, saved(POST, DRAFT))
    [event] = scene.events
    assert event.kind is Kind.PUBLISHED
    assert event.article
    assert event.article.title == "Feri kembali berlayar – “lancar” di Teluk & Kota"
    assert (event.article.sections, event.article.authors[0].name) == (("Ekonomi & Bisnis",), "Siti Rahma")
    assert not scene.put_off


@pytest.mark.parametrize("after", [DRAFT, TRASH, FUTURE], ids=["draft", "trash", "future"])
def test_a_post_that_is_published_no_more_is_withdrawn(php: str, after: object) -> None:
    before = micros(datetime.now(UTC).replace(microsecond=0))
    [event] = Scene(php, saved(after, POST)).events
    assert (event.kind, event.article_id) == (Kind.WITHDRAWN, str(ID))
    assert event.published_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert event.revision > before


def test_a_post_that_is_deleted_is_withdrawn(php: str) -> None:
    [event] = Scene(php, ("before_delete_post", [ID, POST])).events
    assert event.kind is Kind.WITHDRAWN


@pytest.mark.parametrize(
    "step",
    [saved(DRAFT, DRAFT), saved(TRASH, DRAFT), saved(PAGE, PAGE), saved(DRAFT), ("before_delete_post", [ID, TRASH])],
)
def test_what_was_never_public_is_not_pushed(php: str, step: Sequence[object]) -> None:
    assert not Scene(php, step).sent


@pytest.mark.parametrize("code", [None, 401, 404, 500, 503])
def test_what_is_not_taken_is_sent_again_and_is_the_same_event(php: str, code: int) -> None:
    first = Scene(php, saved(TRASH, POST), codes=[code])
    [(wait, action, arguments)] = first.put_off
    assert (wait, action) == (60, "wireroom_again")
    assert (f"the reason of {code}" if code else "Connection refused") in first.errors
    again = Scene(php, (action, arguments), codes=[202], status="trash")
    assert again.events == first.events
    assert not again.put_off


def test_what_became_a_dead_letter_is_not_sent_again(php: str) -> None:
    scene = Scene(php, saved(POST, DRAFT), codes=[422])
    assert (len(scene.sent), scene.put_off) == (1, [])
    assert "422 the reason of 422" in scene.errors


def test_what_was_published_is_read_anew_at_each_try(php: str) -> None:
    [(_, action, arguments)] = Scene(php, saved(POST, DRAFT), codes=[503]).put_off
    [event] = Scene(php, (action, arguments), post={**REST, "title": {"rendered": "Newer"}}).events
    assert event.article
    assert event.article.title == "Newer"
    assert not Scene(php, (action, arguments), status="trash").sent


def test_it_gives_up_in_the_end(php: str) -> None:
    scene, waits = Scene(php, saved(POST, DRAFT), codes=[503]), []
    while scene.put_off:
        [(wait, action, arguments)] = scene.put_off
        waits.append(wait)
        scene = Scene(php, (action, arguments), codes=[503])
    assert waits == sorted(waits)
    assert sum(waits) > 24 * 3600


def test_a_post_that_cannot_be_read_is_put_off(php: str) -> None:
    scene = Scene(php, saved(POST, DRAFT), post={**REST, "id": 1})
    assert not scene.sent
    assert len(scene.put_off) == 1


def test_without_its_constants_it_does_nothing_and_says_so(php: str) -> None:
    scene = Scene(php, saved(POST, DRAFT), configured=False)
    assert not scene.sent
    assert "wp-config.php" in scene.errors
