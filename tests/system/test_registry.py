"""Producers that register their schemas, a real registry, and the embedded log."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import fastavro
import pytest

from tests.servers.kafka import Broker
from tests.servers.registry import Registry
from tests.servers.toxiproxy import Proxy
from tests.system.newsroom import Newsroom, article, wait_for
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.test_schemas_versions import ALLOWED, FORBIDDEN
from wireroom import codec
from wireroom.connect import open_log
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, Message


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


def tell(registry: Registry, method: str, path: str, **body: object) -> Avro:
    """What a producer's library asks of it."""
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    request = urllib.request.Request(registry.url + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def produce(newsroom: Newsroom, registry: Registry, schema: Avro, ident: str) -> None:
    """An event as a producer of its own writes it, with a schema of its own."""
    number = tell(registry, "POST", f"/subjects/{ident}-value/versions", schema=json.dumps(schema))["id"]
    event = codec.encode(ArticleEvent.parse(article(ident)))
    datum = fastavro.schemaless_reader(BytesIO(event.value[10:]), EVENT_SCHEMA, None)
    out = BytesIO(b"\0" + number.to_bytes(4))
    out.seek(0, 2)
    fastavro.schemaless_writer(out, json.loads(json.dumps(schema)), datum)
    embedded = f"sqlite:///{newsroom.folder}/data/wireroom.db"
    url = newsroom.environment.get("WIREROOM_LOG__URL", embedded)
    with closing(open_log(url, newsroom.environment.get("WIREROOM_LOG__PREFIX", "wireroom."))) as log:
        log.append(ARTICLES, [Message("daily", out.getvalue())])


def test_events_of_other_producers_are_shown_until_one_is_unlike_ours(registry: Registry, tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_REGISTRY__URL=registry.url)
    newsroom.publish(article("native"))
    produce(newsroom, registry, EVENT_SCHEMA, "same")
    produce(newsroom, registry, ALLOWED["a field with a default"], "more")
    newsroom.run("worker", "feeds", "--drain")
    assert {title.partition(" ")[0] for title in newsroom.titles("feeds/daily/latest.json")} == {
        "native", "same", "more",
    }  # fmt: skip
    produce(newsroom, registry, FORBIDDEN["milliseconds"], "unlike")
    told = newsroom.run("worker", "feeds", "--drain", expect=1)
    assert "may not be read: published_at: long timestamp-millis, not long timestamp-micros" in told


def test_a_registry_that_is_away_holds_one_partition_of_a_running_worker(
    registry: Registry, broker: Broker, tmp_path: Path
) -> None:
    port = urlsplit(registry.url).port
    assert port
    with Proxy(tmp_path / "proxy", port) as proxy:
        settings = {"LOG__URL": broker.url, "LOG__PREFIX": f"{uuid4().hex}."}
        settings["REGISTRY__URL"] = registry.url.replace(str(port), str(proxy.port))
        newsroom = Newsroom(tmp_path, **{f"WIREROOM_{name}": value for name, value in settings.items()})
        newsroom.run("topics", "apply", "--partitions", "3")
        with newsroom.running("worker", "articles"):
            proxy.down()
            produce(newsroom, registry, EVENT_SCHEMA, "foreign")
            wait_for(lambda: "is paused at offset 0" in newsroom.output())
            newsroom.publish(article("behind"), *(article("beside", publication=f"paper-{n}") for n in range(6)))
            wait_for(lambda: newsroom.document("articles/paper-0/beside.json"))
            assert not newsroom.document("articles/daily/behind.json")
            proxy.reset()
            wait_for(lambda: newsroom.document("articles/daily/behind.json"))
            assert newsroom.document("articles/daily/foreign.json")


def test_schemas_are_registered_and_compared(registry: Registry, tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, WIREROOM_REGISTRY__URL=registry.url)
    assert "+ wireroom.articles-value: article_event" in newsroom.run("schemas", "check")
    newsroom.run("schemas", "register")
    assert "= wireroom.articles-value: article_event is version 1" in newsroom.run("schemas", "register")
    assert "= wireroom.documents-value" in newsroom.run("schemas", "check")
    tell(registry, "POST", "/subjects/wireroom.articles-value/versions", schema=json.dumps(FORBIDDEN["milliseconds"]))
    assert "! wireroom.articles-value: version 2" in newsroom.run("schemas", "check", expect=1)
