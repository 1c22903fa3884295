import json
from collections.abc import Iterator

import pytest

from tests.servers.scripted import Request, Scripted, reply
from tests.unit.cli.conftest import Shell
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.test_schemas_versions import ALLOWED, FORBIDDEN

ARTICLES, BACKFILL, DOCUMENTS = (f"wireroom.{topic}-value" for topic in ("articles", "articles.backfill", "documents"))


class Subjects:
    """A registry that keeps what it is sent, and answers as one does. `refuses`: what it says to all that is new."""

    def __init__(self) -> None:
        self.versions: dict[str, list[Avro]] = {}
        self.refuses = ""

    def __call__(self, request: Request) -> bytes:
        subject, _, number = request.path.removeprefix("/subjects/").partition("/versions")
        if request.method == "POST":
            return self._post(subject, json.loads(json.loads(request.body)["schema"]))
        if subject not in self.versions:
            return reply(404, b'{"error_code": 40401}')
        there = self.versions[subject]
        if not number:
            return reply(200, json.dumps([*range(1, len(there) + 1)]).encode())
        return reply(200, json.dumps({"schema": json.dumps(there[int(number[1:]) - 1])}).encode())

    def _post(self, subject: str, schema: Avro) -> bytes:
        if self.refuses:
            return reply(409, json.dumps({"error_code": 409, "message": self.refuses}).encode())
        self.versions.setdefault(subject, []).append(schema)
        return reply(200, b'{"id": 1}')


@pytest.fixture
def subjects(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subjects]:
    with Scripted(found := Subjects()) as server:
        monkeypatch.setenv("WIREROOM_REGISTRY__URL", f"http://127.0.0.1:{server.port}")
        yield found


def test_without_a_registry_our_own_versions_are_compared(shell: Shell) -> None:
    result = shell("schemas", "check")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "= schemas/versions/article_event: article_event is version 1",
        "= schemas/versions/document_changed: document_changed is version 1",
    ]
    assert shell("schemas", "register").code == 78


def test_what_is_missing_is_registered_once(shell: Shell, subjects: Subjects) -> None:
    missing = [f"+ {ARTICLES}: article_event", f"+ {BACKFILL}: article_event", f"+ {DOCUMENTS}: document_changed"]
    checked = shell("schemas", "check")
    assert (checked.code, checked.out.splitlines()[2:]) == (0, missing)
    assert subjects.versions == {}
    registered = shell("schemas", "register")
    assert (registered.code, registered.out.splitlines()) == (0, missing)
    assert subjects.versions[ARTICLES] == subjects.versions[BACKFILL] == [EVENT_SCHEMA]
    again = shell("schemas", "register")
    assert (again.code, again.out.splitlines()[0]) == (0, f"= {ARTICLES}: article_event is version 1")
    assert [len(there) for there in subjects.versions.values()] == [1, 1, 1]


def test_another_version_that_all_can_read_is_no_finding(shell: Shell, subjects: Subjects) -> None:
    subjects.versions[ARTICLES] = [ALLOWED["a field with a default"], EVENT_SCHEMA]
    result = shell("schemas", "check", "--json")
    assert result.code == 0
    (place,) = [place for place in result.json if place["name"] == ARTICLES]
    assert place == {"name": ARTICLES, "schema": "article_event", "version": 2, "faults": []}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_versions_that_cannot_read_each_other_are_findings(shell: Shell, subjects: Subjects, name: str) -> None:
    subjects.versions[ARTICLES] = [EVENT_SCHEMA, FORBIDDEN[name]]
    result = shell("schemas", "check")
    assert result.code == 1
    assert f"! {ARTICLES}: version 2: " in result.out
    assert "version 1:" not in result.out


def test_nothing_is_registered_beside_what_cannot_read_it(shell: Shell, subjects: Subjects) -> None:
    subjects.versions[ARTICLES] = [{"type": "record", "name": "Other", "fields": [{"name": "a", "type": "int"}]}]
    result = shell("schemas", "register", "--json")
    assert result.code == 1
    assert "version 1: not readable by ours" in result.json[0]["faults"][0]
    assert len(subjects.versions[ARTICLES]) == 1
    assert subjects.versions[DOCUMENTS]


def test_a_bomb_in_a_subject_is_a_finding(shell: Shell, subjects: Subjects) -> None:
    subjects.versions[ARTICLES] = ["null", {"type": "array", "items": "null"}]
    assert "items: null outside of a union" in shell("schemas", "check").out


def test_a_refusal_is_told(shell: Shell, subjects: Subjects) -> None:
    subjects.refuses = "not compatible with version 3"
    result = shell("schemas", "register")
    assert result.code == 1
    assert f"! {ARTICLES}: the registry refuses article_event: not compatible with version 3" in result.out


def test_what_is_no_avro_is_a_finding(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> bytes:
        versions = request.path.endswith("/versions")
        return reply(200, b"[1]" if versions else b'{"schema": "message A {}", "schemaType": "PROTOBUF"}')

    with Scripted(answer) as server:
        monkeypatch.setenv("WIREROOM_REGISTRY__URL", f"http://127.0.0.1:{server.port}")
        result = shell("schemas", "check")
    assert result.code == 1
    assert "no Avro schema" in result.out


def test_a_registry_that_is_away_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREROOM_REGISTRY__URL", "http://127.0.0.1:1")
    for command in ("check", "register"):
        result = shell("schemas", command)
        assert (result.code, result.out) == (69, "")
        assert "the schema registry does not answer" in result.err
