from tests.unit.feeds.reading import feed, latest
from tests.unit.newsroom import NOON, published
from wireroom.event import Author, Image, Source


def test_an_article_with_everything() -> None:
    photo = Image(
        url="https://b.example/1.jpg", media_type="image/jpeg", size_bytes=9, caption="Ved kaia", credit="Liv Dahl"
    )
    event = published(
        summary="Kort",
        body_html="<p>Lang</p>",
        authors=[Author(name="Kari", url="https://fjordposten.example/kari")],
        sections=["Sjø"],
        tags=["Ferge"],
        images=[photo, Image(url="https://b.example/2.png")],
        source=Source(name="NTB"),
        language="en",
        guid="gammel-17",
    )
    assert feed(latest().read(event, now=NOON))["items"] == [
        {
            "id": "gammel-17",
            "url": "https://fjordposten.example/nyheter/17",
            "title": "Fergen gikk på grunn (17)",
            "content_html": "<p>Lang</p>",
            "summary": "Kort",
            "image": "https://b.example/1.jpg",
            "date_published": "2026-03-02T12:00:00+00:00",
            "date_modified": "2026-03-02T12:00:00+00:00",
            "authors": [{"name": "Kari", "url": "https://fjordposten.example/kari"}],
            "tags": ["Sjø", "Ferge"],
            "language": "en",
            "attachments": [
                {
                    "url": "https://b.example/1.jpg",
                    "mime_type": "image/jpeg",
                    "title": "Ved kaia",
                    "size_in_bytes": 9,
                }
            ],
            "_wireroom": {
                "source": {"name": "NTB"},
                "images": [
                    {
                        "url": "https://b.example/1.jpg",
                        "type": "image/jpeg",
                        "length": 9,
                        "caption": "Ved kaia",
                        "credit": "Liv Dahl",
                    },
                    {"url": "https://b.example/2.png"},
                ],
            },
        }
    ]


def test_without_a_body_the_text_is_what_there_is() -> None:
    desk = latest()
    events = [
        published(summary="Kort", subtitle="Under"),
        published(revision=2, subtitle="Under"),
        published(revision=3),
    ]
    shown = [feed(desk.read(event, now=NOON))["items"][0] for event in events]
    assert [item["content_text"] for item in shown] == ["Kort", "Under", "Fergen gikk på grunn (17)"]
    assert not [item for item in shown if "summary" in item], "not the same text twice"


def test_case_18_an_attachment_says_only_what_is_known() -> None:
    photo = Image(url="https://b.example/1.png", media_type="image/png")
    [item] = feed(latest().read(published(images=[photo]), now=NOON))["items"]
    assert item["attachments"] == [{"url": "https://b.example/1.png", "mime_type": "image/png"}]


def test_a_body_of_nothing_but_space_is_none() -> None:
    [item] = feed(latest().read(published(body_html=" \n"), now=NOON))["items"]
    assert (item["content_text"], "content_html" in item) == ("Fergen gikk på grunn (17)", False)


def test_the_feed_itself() -> None:
    shown = feed(latest().read(now=NOON))
    assert shown == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Fjordposten",
        "description": "Fjordposten",
        "home_page_url": "https://fjordposten.example/",
        "feed_url": "https://feeds.fjordposten.example/feeds/fjordposten/latest.json",
        "language": "nb",
        "authors": [{"name": "Fjordposten", "url": "https://fjordposten.example/"}],
        "items": [],
        "_wireroom": {"generation": 7},
    }
