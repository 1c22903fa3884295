"""The file by which search engines see that an IndexNow key is ours."""

from tests.unit.serve.http import ask
from tests.unit.serve.newsroom import SETTINGS
from wireroom.config import Settings
from wireroom.serve import create_app
from wireroom.store.memory import MemoryStore


def test_the_key_is_at_its_own_name_and_nothing_else_is() -> None:
    notify = Settings.model_validate({"notify": {"indexnow": {"key": "0123456789abcdef"}}}).notify
    app = create_app(MemoryStore(), SETTINGS.model_copy(update={"notify": notify}))
    answer = ask(app, "/0123456789abcdef.txt")
    assert (answer.status, answer.body) == (200, b"0123456789abcdef")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert ask(app, "/0123456789abcdeX.txt").status == 404


def test_without_a_key_there_is_none() -> None:
    app = create_app(MemoryStore(), SETTINGS)
    assert [ask(app, path).status for path in ("/.txt", "/None.txt", "/0123456789abcdef.txt")] == [404] * 3
