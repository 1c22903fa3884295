"""The pages in a real browser: light and dark, desktop and phone."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import install
from tests.unit.serve.newsroom import HEADLINES, SETTINGS, dumps, fill
from wireroom.config import FeedSettings, Publication, Selection, Settings
from wireroom.serve import create_app
from wireroom.store import STATE, PolledStore
from wireroom.store.directory import DirectoryStore
from wireroom.web import WebServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ColorScheme = Literal["light", "dark"]
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
DESKTOP, PHONE = (1200, 800), (390, 844)
FEED, ARABIC = "feeds/harbour-post/latest", "feeds/al-mina/latest"
PAGES = ("", FEED, ARABIC)

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
@pytest.mark.parametrize("path", ["", FEED])
def test_it_fits_and_can_be_read(
    browser: Browser, address: str, path: str, size: tuple[int, int], scheme: ColorScheme
) -> None:
    page = look(browser, address + path, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    contrasts = page.locator("h1, h2, h3, p, a:not(.skip), time, code, .note, .facts li").evaluate_all(CONTRASTS)
    assert len(contrasts) > (20 if path else 50)
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
    assert page.url.endswith("#content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_every_link_into_the_store_leads_to_a_document(browser: Browser, address: str) -> None:
    formats, pages = sum(len(feed.formats) for feed in SETTINGS.feeds), len(SETTINGS.feeds)
    counts = {
        "": formats + pages + 2 * len(HEADLINES) + sum(map(len, HEADLINES.values())) + len(["feeds.opml"]),
        FEED: len(SETTINGS.feeds[0].formats) + len(["catalogue"]),
    }
    for path, count in counts.items():
        page = look(browser, address + path)
        links = page.eval_on_selector_all("a, link[rel=alternate]", "all => all.map(each => each.href)")
        documents = {link for link in links if link.startswith(address) and "#" not in link}
        assert len(documents) == count
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


def test_a_feed_that_has_just_come_shows(browser: Browser, store: DirectoryStore) -> None:
    store.put("feeds/fjordposten/sport.atom", b"<feed/>", None, STATE)
    for address in serve(store, Settings()):
        page = look(browser, address)
        assert page.get_by_role("region", name="fjordposten").get_by_role("link", name="Atom, Sport").count() == 1
        page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_empty_store_says_how_to_begin(browser: Browser, store: DirectoryStore, size: tuple[int, int]) -> None:
    for address in serve(store, Settings()):
        page = look(browser, address, size)
        assert page.get_by_role("main").get_by_text("wireroom publish article.json").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.close()


@pytest.fixture(scope="module")
def axe() -> str:
    return install.npm(install.AXE, "axe.min.js").read_text("utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds, by all of its rules; each with the element."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 15
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_it_can_be_read_by_everyone(
    browser: Browser, address: str, axe: str, scheme: ColorScheme, size: tuple[int, int]
) -> None:
    for path in PAGES:
        page = look(browser, address + path, size, scheme)
        assert violations(page, axe) == []
        page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_not_there_can_be_read_by_everyone(
    browser: Browser, store: DirectoryStore, axe: str, scheme: ColorScheme
) -> None:
    for address in serve(store, Settings()):
        for path in ("", "feeds/nobody/latest"):
            page = browser.new_page(color_scheme=scheme)
            page.goto(address + path)
            assert violations(page, axe) == []
            page.close()


def test_what_nobody_could_read_is_found(browser: Browser, axe: str) -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><p style='color: #bbb'>pale</p><img src=x></main>")
    found = "".join(violations(page, axe))
    assert "color-contrast" in found
    assert "image-alt" in found
    page.close()


@pytest.mark.parametrize(("path", "side"), [(FEED, "left"), (ARABIC, "right")])
def test_articles_stand_where_their_language_begins(browser: Browser, address: str, path: str, side: str) -> None:
    page = look(browser, address + path)
    text = page.evaluate(
        """() => {
            const item = document.querySelector('.articles li'), range = document.createRange();
            range.selectNodeContents(item.querySelector('.headline'));
            const inner = range.getBoundingClientRect(), outer = item.getBoundingClientRect();
            return {left: inner.left - outer.left, right: outer.right - inner.right};
        }"""
    )
    assert text[side] < 1
    assert text["left" if side == "right" else "right"] > 20
    page.close()


def test_a_click_selects_an_address_for_copying(browser: Browser, address: str) -> None:
    page = look(browser, address + FEED)
    page.locator(".addresses code").nth(1).click()
    assert page.evaluate("getSelection().toString()") == "https://feeds.example/feeds/harbour-post/latest.atom"
    page.close()


def test_a_reader_finds_the_way_there_and_back(browser: Browser, address: str) -> None:
    page = look(browser, address)
    page.get_by_role("link", name="Shipping & trade", exact=True).click()
    assert page.url == address + "feeds/harbour-post/shipping"
    assert page.get_by_role("heading", level=1).inner_text() == "Shipping & trade"
    page.get_by_role("link", name="The Harbour Post").click()
    assert page.url == address + "#harbour-post"
    page.close()


@dataclass(frozen=True)
class Long:
    """A text as long as they come, or longer."""

    language: str
    text: str


LONG = (
    Long("en", "The Committee for the Preservation of the Inner Harbour’s Historic Lighthouses has voted " * 3),
    Long("nb", "Hurtigbåtrutesambandsforhandlingsresultatforbedringskonsulentvirksomheten " * 2),
    Long("ar", "أعلنت الهيئة العامة للموانئ والملاحة عن افتتاح محطة الركاب الجديدة بعد أحد عشر عامًا " * 3),
    Long("zh-Hans", "峡湾渡轮本周恢复通航票价不变每小时一班市民可在线购票并在码头领取纪念品" * 4),
    Long("he", "הנמל הישן נפתח מחדש לאחר שיפוץ מקיף אלפי מבקרים הגיעו ביום הראשון " * 4),
)


def test_sixty_feeds_in_five_languages_fit(browser: Browser, store: DirectoryStore, axe: str) -> None:
    publications = tuple(
        Publication(id=f"paper-{n}", name=long.text.strip(), language=long.language, url=f"https://paper-{n}.example/")
        for n, long in enumerate(LONG)
    )
    feeds = tuple(
        FeedSettings(
            id=f"{'f' * 60}-{n}",
            publication=publication.id,
            title=publication.name,
            description=publication.name,
            include=Selection(sections=(publication.name,)),
        )
        for publication in publications
        for n in range(12)
    )
    for feed in feeds:
        item = {"title": feed.title, "url": "https://x.example/", "content_text": f"{feed.title}." * 9}
        document = {"items": [item | {"authors": [{"name": feed.title}]}]}
        for ending in feed.formats:
            store.put(f"feeds/{feed.publication}/{feed.id}.{ending}", dumps(document), None, STATE)
    for address in serve(store, Settings(publications=publications, feeds=feeds)):
        for path in ("", *(f"feeds/{feed.publication}/{feed.id}" for feed in feeds[12:36:12])):
            page = look(browser, address + path, PHONE)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
            page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
            assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP[0]
            assert violations(page, axe) == []
            page.close()
