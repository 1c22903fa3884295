"""Processes that publish, work, die and stop, on one log and one store."""

import json
import random
import shutil
import signal
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.newsroom import Newsroom, article, wait_for, withdrawal

LATEST = "feeds/daily/latest.json"


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def test_up_publishes_what_others_append_and_takes_back_what_they_withdraw(newsroom: Newsroom) -> None:
    with newsroom.up() as address:
        newsroom.publish(article("a"), article("b"))
        wait_for(lambda: newsroom.titles(LATEST) == ["b at 1", "a at 1"])
        body = urllib.request.urlopen(f"{address}articles/daily/a.json").read()
        assert json.loads(body)["pubStatus"] == "usable"
        newsroom.run("withdraw", "daily", "a", "--note", "wrong")
        wait_for(lambda: newsroom.titles(LATEST) == ["b at 1"])
        wait_for(lambda: "deleted-entry" in newsroom.document("feeds/daily/latest.atom"))
        wait_for(lambda: '"canceled"' in newsroom.document("articles/daily/a.json"))
        with pytest.raises(urllib.error.HTTPError, match="410"):
            urllib.request.urlopen(f"{address}articles/daily/a.json")


def test_an_embargo_lifts_while_nobody_publishes_and_after_a_restart_that_slept_past_it(newsroom: Newsroom) -> None:
    now = datetime.now(UTC).isoformat()
    newsroom.publish(
        article("soon", published_at=now, embargoed_until=soon(6)),
        article("later", published_at=now, embargoed_until=soon(20)),
    )
    with newsroom.running("worker", "feeds"), newsroom.running("worker", "articles"):
        wait_for(lambda: newsroom.titles(LATEST) == ["soon at 1"])
        wait_for(lambda: newsroom.document("articles/daily/soon.json"))
        assert "later" not in "".join(newsroom.documents().values())
        assert not any("later" in key for key in newsroom.documents())
    wait_for(lambda: _drained(newsroom))
    assert sorted(newsroom.titles(LATEST)) == ["later at 1", "soon at 1"]


def _drained(newsroom: Newsroom) -> bool:
    newsroom.run("up", "--drain")
    return bool(newsroom.document("articles/daily/later.json"))


def test_killed_at_any_moment_the_outputs_are_those_of_an_undisturbed_run(newsroom: Newsroom, tmp_path: Path) -> None:
    events = [article(f"n{k}", 1 + k % 3, sections=["a" if k % 2 else "b"]) for k in range(400)]
    events += [withdrawal(f"n{k}", 9) for k in range(0, 400, 7)]
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    newsroom.publish(*events)
    for _ in range(12):
        process = newsroom.start("worker", chance.choice(["feeds", "articles", "sitemaps"]))
        with pytest.raises(Exception, match="timed out"):
            process.wait(chance.uniform(0.3, 1.2))
        process.kill()
        process.wait()
    newsroom.run("up", "--drain")
    (tmp_path / "calm").mkdir()
    calm = Newsroom(tmp_path / "calm")
    calm.publish(*events)
    calm.run("up", "--drain")
    assert newsroom.documents() == calm.documents(), f"seed {seed}"


def test_two_of_a_kind_stand_by_for_each_other(newsroom: Newsroom) -> None:
    first = newsroom.start("worker", "feeds")
    second = newsroom.start("worker", "feeds")
    newsroom.publish(article("a"))
    wait_for(lambda: newsroom.titles(LATEST) == ["a at 1"])
    first.kill()
    first.wait()
    newsroom.publish(article("b"))
    wait_for(lambda: newsroom.titles(LATEST) == ["b at 1", "a at 1"])
    second.send_signal(signal.SIGINT)
    assert second.wait(30) == 0


def test_mostly_bad_records_stop_the_worker_and_it_says_why(newsroom: Newsroom) -> None:
    newsroom.publish(*[article(f"n{k}", language="en") for k in range(40)])
    config = "publications: [{id: other, name: Other, language: en, url: 'https://other.example/'}]\n"
    (newsroom.folder / "wireroom.yaml").write_text(config)
    newsroom.publish(*[article(f"m{k}") for k in range(100)])
    said = newsroom.run("worker", "feeds", "--drain", expect=1)
    assert "more than half of the last 100 records" in said
    assert "unknown-publication" in said
    assert "red" in newsroom.run("status", expect=1)
    assert newsroom.run("dead-letters", "list", "--json").count('"rule"') == 0, "nothing was skipped"


def test_an_archive_does_not_delay_a_withdrawal_and_costs_few_flushes(newsroom: Newsroom) -> None:
    newsroom.publish(article("a", published_at=soon(-60)), article("b", published_at=soon(-30)))
    archive = [article(f"old{k:04}", published_at=f"2019-01-{1 + k % 28:02}T00:00:00Z") for k in range(3000)]
    with newsroom.up():
        wait_for(lambda: newsroom.titles(LATEST) == ["b at 1", "a at 1"])
        newsroom.publish(*archive, backfill=True)
        newsroom.run("withdraw", "daily", "b")
        wait_for(lambda: "b at 1" not in newsroom.titles(LATEST))
        wait_for(lambda: len(newsroom.titles(LATEST)) == 50)
        assert newsroom.titles(LATEST)[0] == "a at 1"
    generation = json.loads(newsroom.document(LATEST))["_wireroom"]["generation"]
    assert generation < 10


def test_a_feed_that_is_added_fills_itself(newsroom: Newsroom) -> None:
    publication = {"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/"}
    feeds = [{"id": "latest", "publication": "daily"}]
    config = newsroom.folder / "wireroom.yaml"
    config.write_text(json.dumps({"publications": [publication], "feeds": feeds}))
    newsroom.publish(*[article(f"n{k}", sections=["sport"] if k % 3 == 0 else ["news"]) for k in range(9)])
    newsroom.run("up", "--drain")
    before = newsroom.document(LATEST)
    feeds.append({"id": "sport", "publication": "daily", "include": {"sections": ["sport"]}})  # type: ignore[dict-item]
    config.write_text(json.dumps({"publications": [publication], "feeds": feeds}))
    newsroom.run("up", "--drain")
    assert newsroom.titles("feeds/daily/sport.json") == ["n6 at 1", "n3 at 1", "n0 at 1"]
    assert newsroom.document(LATEST) == before


def test_the_others_stay_fresh_while_a_feed_that_was_added_fills_itself(newsroom: Newsroom) -> None:
    publication = {"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/"}
    feeds = [{"id": name, "publication": "daily", "include": {"sections": [name]}} for name in ("news", "sport")]
    config = newsroom.folder / "wireroom.yaml"
    config.write_text(json.dumps({"publications": [publication], "feeds": feeds[:1]}))
    newsroom.publish(*[article(f"n{k:04}", sections=["sport"] if k % 40 == 0 else ["news"]) for k in range(2400)])
    newsroom.run("worker", "feeds", "--drain")
    config.write_text(json.dumps({"publications": [publication], "feeds": feeds}))
    with newsroom.running("worker", "feeds"):
        newsroom.publish(article("fresh", sections=["news"], published_at=soon(-1)))
        wait_for(lambda: newsroom.titles("feeds/daily/news.json")[0] == "fresh at 1")
        wait_for(lambda: len(newsroom.titles("feeds/daily/sport.json")) == 50)


def test_after_more_withdrawals_than_the_reserve_the_window_is_full_again(newsroom: Newsroom) -> None:
    publication = {"id": "daily", "name": "Daily", "language": "en", "url": "https://daily.example/"}
    feed = {"id": "latest", "publication": "daily", "entries": 5}
    (newsroom.folder / "wireroom.yaml").write_text(json.dumps({"publications": [publication], "feeds": [feed]}))
    dates = [soon(-1000 + k) for k in range(40)]
    newsroom.publish(*[article(f"n{k:02}", published_at=dates[k]) for k in range(40)])
    with newsroom.running("worker", "feeds"):
        wait_for(lambda: newsroom.titles(LATEST)[:1] == ["n39 at 1"])
        newsroom.publish(*[withdrawal(f"n{k}", 2, dates[k]) for k in range(20, 40)])
        wait_for(lambda: newsroom.titles(LATEST) == [f"n{k} at 1" for k in (19, 18, 17, 16, 15)])


def test_an_article_withdrawn_a_year_ago_does_not_return_by_a_backfill_of_its_first_revision(
    newsroom: Newsroom,
) -> None:
    year_ago = soon(-400 * 86_400)
    newsroom.publish(article("gone", published_at=year_ago), withdrawal("gone", 2, year_ago))
    newsroom.run("up", "--drain")
    older = [article(f"n{k}", published_at=soon(-500 * 86_400 - k)) for k in range(3)]
    newsroom.publish(article("gone", published_at=year_ago), *older, backfill=True)
    newsroom.run("up", "--drain")
    assert newsroom.titles(LATEST) == ["n0 at 1", "n1 at 1", "n2 at 1"]
    assert '"canceled"' in newsroom.document("articles/daily/gone.json")
    (newsroom.folder / "data/store/editions/feeds/daily/latest.json").unlink()  # and a rebuild knows it too
    newsroom.run("up", "--drain")
    assert newsroom.titles(LATEST) == ["n0 at 1", "n1 at 1", "n2 at 1"]


def test_replay_finds_nothing_where_all_is_well_and_mends_what_is_not(newsroom: Newsroom) -> None:
    newsroom.publish(*[article(f"n{k}") for k in range(5)])
    newsroom.run("up", "--drain")
    for sink in ("feeds", "sitemaps", "articles"):
        newsroom.run("replay", sink, "--dry-run")
    good = newsroom.documents()
    for key in ("feeds/daily/latest.rss", "articles/daily/n1.json"):
        path = newsroom.folder / "data" / "store" / key
        path.write_text(path.read_text().replace("n1 at 1", "n1, damaged"))
    assert "feeds/daily/latest.rss" in newsroom.run("replay", "feeds", "--dry-run", expect=1)
    newsroom.run("replay", "feeds", "--yes")
    newsroom.run("replay", "articles", "--yes")
    assert newsroom.documents() == good


def test_an_emptied_store_is_filled_again_with_the_same_documents(newsroom: Newsroom) -> None:
    now = datetime.now(UTC).isoformat()
    newsroom.publish(
        *[article(f"n{k}", sections=["a"], published_at=now if k % 2 else "2025-02-03T04:05:06Z") for k in range(20)],
        article("n1", 2, published_at=now, title="n1, mended"),
        withdrawal("n2", 2, "2025-02-03T04:05:06Z"),
        article("soon", published_at=now, embargoed_until=soon(3600)),
        article("gone", published_at=now, expires_at=soon(-1)),
    )
    newsroom.run("up", "--drain")
    before = newsroom.documents()
    shutil.rmtree(newsroom.folder / "data" / "store")
    newsroom.run("up", "--drain")
    assert newsroom.documents() == before
    assert "articles/daily/n2.json" in before
    assert not any("soon" in key for key in before)


SAMPLE = Path(__file__).parents[2].parent / "shared" / "samples" / "seed-article.json"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample articles are not beside this checkout")
def test_a_real_article_is_right_in_every_output(newsroom: Newsroom) -> None:
    newsroom.run("publish", str(SAMPLE))
    newsroom.run("up", "--drain")
    event = json.loads(SAMPLE.read_text())
    told, name = event["article"], f"{event['publication']}/{event['article_id']}"
    ninjs = json.loads(newsroom.document(f"articles/{name}.json"))
    (item,) = json.loads(newsroom.document(f"feeds/{event['publication']}/latest.json"))["items"]
    rss = newsroom.document(f"feeds/{event['publication']}/latest.rss")
    atom = newsroom.document(f"feeds/{event['publication']}/latest.atom")
    assert ninjs["headlines"][0]["value"] == item["title"] == told["title"]
    assert (ninjs["language"], item["date_published"][:19]) == ("id", event["published_at"][:19])
    for body in (ninjs["bodies"][0]["value"], item["content_html"], rss, atom):
        assert all(related["url"] in body for related in told["related"])
        assert 'href="/' not in body
    for text in (*(json.dumps(said, ensure_ascii=False) for said in (ninjs, item)), rss, atom):
        for expected in (told["images"][0]["caption"], "istimewa", "diaway.id", "Internasional", *told["tags"]):
            assert expected in text
    assert "<language>id</language>" in rss
    assert 'xml:lang="id"' in atom
    assert "<loc>" not in newsroom.document(f"sitemaps/{event['publication']}/news.xml")

    now = datetime.now(UTC).isoformat()
    moved = {**event, "revision": 2, "published_at": now, "occurred_at": now, "event_id": "moved"}
    newsroom.publish({**moved, "article": {**told, "modified_at": now}})
    newsroom.run("up", "--drain")
    sitemap = newsroom.document(f"sitemaps/{event['publication']}/news-1.xml")
    assert event["url"] in sitemap
    assert "diaway" not in sitemap
