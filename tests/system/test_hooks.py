"""Hooks over HTTP: what each system sends, signed, is in its publication's feed; what is not signed is refused."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.hooks.deliveries import CASES, CONFIGURATION, SECRET, Case, signed
from tests.system.newsroom import Newsroom, wait_for
from wireroom.clock import SystemClock

BY_NAME = {case.name: case for case in CASES}
SHOWN = {
    "ghost-published": "Skøyte berget – «alle i god behold»",
    "wordpress-published": "Feri kembali berlayar – “lancar” di Teluk & Kota",
    "superdesk-text": "Ferry service resumes after storm",
    "ninjs-3": "Fiskeskøyte berget i Vestfjorden – mannskapet «i god behold»",
    "generic-wire": "Quake off the coast",
    "drupal-updated": "Le pont ferme une semaine",
}
GONE = {
    "ghost-published": "ghost-deleted",
    "wordpress-published": "wordpress-withdrawn",
    "superdesk-text": "superdesk-killed",
    "generic-wire": "generic-wire-withdrawn",
    "drupal-updated": "drupal-deleted",
}
QUIET = ["ghost-deleted-draft", "superdesk-picture", "drupal-page"]


class Desk:
    """`wireroom up` with a hook for each system."""

    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, case: Case, secret: bytes = SECRET, body: bytes | None = None) -> int:
        """What a delivery is answered."""
        delivery = case.delivery._replace(received_at=SystemClock().now(), body=case.body if body is None else body)
        url = "/".join(filter(None, [f"{self.address}v1/hooks/{case.cms}/{case.publication}", case.event]))
        headers = {"Content-Type": "application/json", **signed(delivery, secret).headers}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, delivery.body, headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def titles(self, case: Case) -> list[str] | None:
        """Of the feed of its publication; None before there is one."""
        try:
            with urllib.request.urlopen(f"{self.address}feeds/{case.publication}/latest.json") as answer:
                return [item["title"] for item in json.load(answer)["items"]]
        except urllib.error.HTTPError:
            return None


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("hooks")
    (folder / "wireroom.yaml").write_text(json.dumps(CONFIGURATION))  # JSON is YAML
    with Newsroom(folder).up() as address:
        yield Desk(address)


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_system_sends_is_in_the_feed_until_it_is_withdrawn(desk: Desk, name: str) -> None:
    case = BY_NAME[name]
    assert desk.post(case) == 202
    wait_for(lambda: desk.titles(case) == [SHOWN[name]])
    if name in GONE:
        assert desk.post(BY_NAME[GONE[name]]) == 202
        wait_for(lambda: desk.titles(case) == [])


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_not_signed_is_refused(desk: Desk, name: str) -> None:
    assert desk.post(BY_NAME[name], secret=b"guessed") == 401


@pytest.mark.parametrize("name", QUIET)
def test_what_concerns_no_reader_is_taken(desk: Desk, name: str) -> None:
    assert desk.post(BY_NAME[name]) == 202


def test_a_hook_that_is_not_in_the_settings_is_not_there(desk: Desk) -> None:
    assert desk.post(BY_NAME["ninjs-3"]._replace(publication="teluk")) == 404


def test_what_cannot_be_mapped_is_kept(desk: Desk) -> None:
    assert desk.post(BY_NAME["wordpress-published"], body=b'{"status": "publish"}') == 422
