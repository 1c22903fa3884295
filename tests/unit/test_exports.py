"""What `import wireroom` gives, and what it costs."""

import subprocess
import sys

import pytest

import wireroom

CODE = "import sys, wireroom; {}; print(*sorted(sys.modules))"


def loaded(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after `import wireroom` and a statement."""
    done = subprocess.run([sys.executable, "-c", CODE.format(statement)], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_exported_name_is_there_and_sorted() -> None:
    assert [getattr(wireroom, name).__name__ for name in wireroom.__all__] == sorted(wireroom.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Articel"):
        wireroom.Articel  # type: ignore[attr-defined]  # noqa: B018


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    assert not loaded("pass") & {"pydantic", "fastavro", "langcodes", "wireroom.event"}


def test_an_event_loads_nothing_that_only_workers_need() -> None:
    event = loaded("wireroom.ArticleEvent; wireroom.Publisher")
    assert "wireroom.codec" in event
    assert not event & {"feedgen", "lxml", "nh3", "apsw", "boto3", "kafka", "uvicorn", "click", "rich"}


def test_the_language_tables_wait_for_a_language() -> None:
    author = "wireroom.Author(name='Ada')"
    assert "langcodes" not in loaded(author)
    assert "langcodes" in loaded(
        "from datetime import *; wireroom.Article(title='t', language='id', modified_at=datetime.now(UTC))"
    )
