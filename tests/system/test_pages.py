"""The catalogue in a real browser: light and dark, desktop and phone."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.unit.serve.newsroom import HEADLINES, SETTINGS, fill
from wireroom.config import Settings
from wireroom.serve import create_app
from wireroom.store import STATE, PolledStore
from wireroom.store.directory import DirectoryStore
from wireroom.web import WebServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ColorScheme = Literal["light", "dark"]
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
DESKTOP, PHONE = (1200, 800), (390, 844)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="Chromium is not installed: no page was looked at"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "CI must look at the pages: install Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


@pytest.fixture
def address(store: PolledStore) -> Iterator[str]:
    fill(store)
    yield from serve(store, SETTINGS)


def serve(store: PolledStore, settings: Settings) -> Iterator[str]:
    server = WebServer(create_app(store, settings), port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.address
    server.stop()
    thread.join()


def look(browser: Browser, address: str, size: tuple[int, int] = DESKTOP, scheme: ColorScheme = "light") -> Page:
    """The page, once it is known that it loaded nothing else and complained of nothing."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: requests.append(request.url) if not request.url.startswith("data:") else None)
    page.goto(address)
    assert complaints == []
    assert requests == [address]
    return page


CONTRASTS = """elements => {
  const parts = text => text.match(/[\\d.]+/g).slice(0, 3).map(n => n / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = text => { const [r, g, b] = parts(text); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return elements.map(element => {
    const ink = light(getComputedStyle(element).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 568)], ids=["desktop", "phone", "small phone"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_and_can_be_read(browser: Browser, address: str, size: tuple[int, int], scheme: ColorScheme) -> None:
    page = look(browser, address, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    contrasts = page.locator("h1, h2, h3, p, a:not(.skip), time, .note, .facts li").evaluate_all(CONTRASTS)
    assert len(contrasts) > 50
    assert min(contrasts) >= 4.5
    links = page.locator("main a").evaluate_all("all => all.map(each => each.getBoundingClientRect().toJSON())")
    assert min(link["height"] for link in links) >= 20
    assert min(link["left"] for link in links) >= 0
    assert max(link["right"] for link in links) <= size[0]
    page.close()


def test_dark_is_dark_and_light_is_light(browser: Browser, address: str) -> None:
    papers = []
    for scheme in SCHEMES:
        page = look(browser, address, scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        papers.append(sum(map(int, re.findall(r"\d+", colour)[:3])))
        page.close()
    assert papers[0] > 700
    assert papers[1] < 100


def test_columns_stand_side_by_side_only_where_there_is_room(browser: Browser, address: str) -> None:
    for size, beside in ((DESKTOP, True), (PHONE, False)):
        page = look(browser, address, size)
        feeds, newest = page.locator(".feeds").first.bounding_box(), page.locator(".newest").first.bounding_box()
        assert feeds
        assert newest
        assert (newest["x"] > feeds["x"] + feeds["width"]) is beside
        page.close()


def test_the_keyboard_leads_through_it(browser: Browser, address: str) -> None:
    page = look(browser, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    skip = page.locator(".skip").bounding_box()
    assert skip
    assert skip["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#catalogue")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_every_link_into_the_store_leads_to_a_document(browser: Browser, address: str) -> None:
    page = look(browser, address)
    links = page.eval_on_selector_all("a, link[rel=alternate]", "all => all.map(each => each.href)")
    documents = {link for link in links if link.startswith(address) and "#" not in link}
    formats = sum(len(feed.formats) for feed in SETTINGS.feeds)
    assert len(documents) == formats + 2 * len(HEADLINES) + sum(map(len, HEADLINES.values()))
    for link in documents:
        assert page.request.get(link).status == 200, link
    page.close()


def test_texts_are_shown_as_they_are(browser: Browser, address: str) -> None:
    page = look(browser, address)
    assert (
        page.get_by_role(
            "link", name="A school for lighthouse keepers, and who applies <to it> now", exact=True
        ).count()
        == 1
    )
    assert page.get_by_role("heading", name="صحيفة الميناء").count() == 1
    assert page.get_by_role("navigation", name="Publications").get_by_role("link").count() == 3
    assert page.get_by_role("region", name="The Harbour Post").get_by_text("4 min ago").count() == 1
    page.close()


def test_a_change_shows_at_the_next_look(browser: Browser, address: str, store: DirectoryStore) -> None:
    store.put("feeds/fjordposten/sport.atom", b"<feed/>", None, STATE)
    page = look(browser, address)
    assert page.get_by_role("region", name="Fjordposten").get_by_role("link", name="Sport, Atom").count() == 1
    page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_empty_store_says_how_to_begin(browser: Browser, store: DirectoryStore, size: tuple[int, int]) -> None:
    for address in serve(store, Settings()):
        page = look(browser, address, size)
        assert page.get_by_role("main").get_by_text("wireroom publish article.json").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.close()
