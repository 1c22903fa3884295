"""Where readers can ask to be told of changes."""

from tests.unit.serve.http import ask
from tests.unit.serve.newsroom import SETTINGS, fill
from wireroom.config import Settings
from wireroom.config_notify import NotifySettings
from wireroom.serve import create_app
from wireroom.serve.links import Links
from wireroom.store.memory import MemoryStore

RSS = "feeds/harbour-post/latest.rss"
LINK = '<https://feeds.example/hub>; rel="hub", <https://hub.example/>; rel="hub", <https://{}>; rel="self"'


def with_hubs() -> Settings:
    notify = NotifySettings(hub=True, hubs=("https://hub.example/",))
    own = SETTINGS.publications[1].model_copy(update={"public_url": "https://fjord.example/n/"})
    publications = SETTINGS.publications[0], own, SETTINGS.publications[2]
    return SETTINGS.model_copy(update={"notify": notify, "publications": publications})


def test_a_feed_names_the_hubs_and_itself() -> None:
    store = MemoryStore()
    fill(store)
    app = create_app(store, with_hubs())
    for method in ("GET", "HEAD"):
        assert ask(app, f"/{RSS}", method=method).headers["link"] == LINK.format(f"feeds.example/{RSS}")
    assert "link" not in ask(app, "/sitemaps/harbour-post/news.xml").headers
    assert "link" not in ask(app, "/feeds/harbour-post/none.rss").headers
    assert "link" not in ask(create_app(store, SETTINGS), f"/{RSS}").headers


def test_a_publication_may_be_read_elsewhere() -> None:
    ((_, value),) = Links(with_hubs()).of("feeds/fjordposten/siste.rss")
    assert value.decode() == LINK.format("fjord.example/n/feeds/fjordposten/siste.rss")


def test_a_private_feed_names_none() -> None:
    assert Links(with_hubs()).of("private/feeds/harbour-post/latest.rss") == ()
