"""The corpus is what the measurements say it is, and a missed goal is called missed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest

from tests.bench import Row, met
from tests.bench.__main__ import available, main, number
from tests.bench.corpus import Corpus
from wireroom.event import Kind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENTS = list(Corpus().events(1_000, NOW))


def test_the_same_seed_gives_the_same_events() -> None:
    assert list(Corpus().events(1_000, NOW)) == EVENTS
    assert next(Corpus(seed=1).events(1, NOW)) != EVENTS[0]


def test_first_publication_is_spread_evenly_over_the_time_before_now() -> None:
    gaps = {late.published_at - early.published_at for early, late in pairwise(EVENTS)}
    assert gaps == {timedelta(days=20) / 1_000}
    assert EVENTS[0].published_at == NOW - timedelta(days=20)
    assert max(event.occurred_at for event in EVENTS) <= NOW
    (first, *_) = Corpus().events(10, NOW, over=timedelta(days=3650))
    assert first.published_at == NOW - timedelta(days=3650)


def test_kinds_languages_and_sizes_are_those_of_a_newsroom() -> None:
    articles = [event.article for event in EVENTS if event.article]
    kinds = Counter(event.kind for event in EVENTS)
    languages = Counter(article.language for article in articles)
    assert 0.16 < kinds[Kind.UPDATED] / 1_000 < 0.22
    assert 0 < kinds[Kind.WITHDRAWN] / 1_000 < 0.03
    assert [language for language, _ in languages.most_common(2)] == ["en", "id"]
    assert set(languages) == {"en", "id", "ar", "zh-CN"}
    assert 4_700 < median(len((article.body_html or "").encode()) for article in articles) < 5_900
    assert 0.8 < sum(bool(article.images) for article in articles) / len(articles) < 0.9


def test_small_articles_are_small() -> None:
    sizes = [len(event.model_dump_json(exclude_defaults=True)) for event in Corpus(small=True).events(200, NOW)]
    assert 300 < median(sizes) < 500


@pytest.mark.parametrize(
    ("value", "unit", "goal", "kept"),
    [
        (1_999, "events/s", 2_000, False),
        (2_000, "events/s", 2_000, True),
        (19.9, "x", 20, False),
        (1.11, "ratio", 1.1, False),
        (49, "ms", 50, True),
        (51, "ms", 50, False),
        (51, "ms", None, True),
    ],
)
def test_a_goal_is_kept_or_missed(value: float, unit: str, goal: float | None, kept: bool) -> None:
    assert met(Row(name="n", value=value, unit=unit, limit=None, goal=goal)) is kept


def test_numbers_are_for_reading() -> None:
    assert [number(value) for value in (None, 25_432.1, 0.0123456, 7.456)] == ["", "25,432", "0.0123", "7.46"]


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonesuch"]) == 2
    error = capsys.readouterr().err
    assert "nonesuch" in error
    assert all(name in error for name in available())
