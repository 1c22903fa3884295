"""Wireroom as a user runs it: processes in a folder."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

WIREROOM = str(Path(sys.executable).with_name("wireroom"))
GENERATION = re.compile(r"""(wireroom:generation\D{1,12}|"_wireroom":\{"generation":)\d+""")
T = TypeVar("T")
PATIENCE = 60  # seconds until a test gives up waiting


class Newsroom:
    """A folder with a log and a store."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "WIREROOM_FLUSH_INTERVAL": "0.1", **environment}

    def run(self, *arguments: str, text: str = "", expect: int = 0) -> str:
        """A command to its end; what it printed."""
        result = subprocess.run(
            [WIREROOM, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert result.returncode == expect, f"{arguments}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def publish(self, *events: Mapping[str, Any], backfill: bool = False) -> None:
        lines = "\n".join(json.dumps(event) for event in events)
        self.run("publish", "-", *(["--backfill"] if backfill else []), text=lines)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that goes on."""
        with (self.folder / "output.log").open("ab") as log:
            return subprocess.Popen(
                [WIREROOM, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that goes on until the end of the block, and then ends in order."""
        process = self.start(*arguments)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, self.output()
        finally:
            process.kill()  # unless it has ended
            process.wait()

    @contextmanager
    def up(self) -> Iterator[str]:
        """`wireroom up`; its address."""
        with self.running("up", "--port", "0"):
            yield wait_for(self.address)

    def output(self) -> str:
        return (self.folder / "output.log").read_text()

    def document(self, key: str) -> str:
        path = self.folder / "data" / "store" / key
        return path.read_text() if path.exists() else ""

    def titles(self, key: str) -> list[str]:
        """The titles in a JSON Feed."""
        text = self.document(key)
        return [item["title"] for item in json.loads(text)["items"]] if text else []

    def documents(self) -> dict[str, str]:
        """Every public document, its generation apart."""
        store = self.folder / "data" / "store"
        paths = [path for top in ("feeds", "sitemaps", "articles") for path in sorted((store / top).rglob("*"))]
        return {str(p.relative_to(store)): GENERATION.sub("", p.read_text()) for p in paths if p.is_file()}

    def address(self) -> str:
        found = re.search(r"http://\S+", self.output())
        return found.group() if found else ""


def wait_for(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `look` finds as soon as it finds anything."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def article(ident: str, revision: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- values of JSON
    """An event as JSON; keywords of the article."""
    published = more.pop("published_at", "2026-02-03T04:05:06Z")
    return {
        "event_id": f"{ident}-{revision}",
        "kind": "PUBLISHED" if revision == 1 else "UPDATED",
        "publication": more.pop("publication", "daily"),
        "article_id": ident,
        "revision": revision,
        "occurred_at": published,
        "url": f"https://daily.example/{ident}",
        "published_at": published,
        "article": {"title": f"{ident} at {revision}", "modified_at": published, "language": "en", **more},
    }


def withdrawal(ident: str, revision: int, published_at: str = "2026-02-03T04:05:06Z") -> dict[str, Any]:
    return {
        "event_id": f"{ident}-{revision}-gone",
        "kind": "WITHDRAWN",
        "publication": "daily",
        "article_id": ident,
        "revision": revision,
        "occurred_at": published_at,
        "published_at": published_at,
    }
