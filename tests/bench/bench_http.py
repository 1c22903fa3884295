"""Documents over HTTP, beside nginx that serves the same files: by turns, each on one core, wrk on another.

nginx has them compressed beforehand, in memory and open, and writes no log: as fast as it gets.
"""

import grp
import gzip
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench import Row
from tests.bench.bench_ingest import resident, serving
from tests.bench.bench_live import WIREROOM, processor
from tests.bench.bench_render import CHANNEL, rounds, splice
from tests.servers import Process, answers, free_port
from wireroom.connect import open_store
from wireroom.feeds.fragments import Fragments
from wireroom.store import STATE

ROUNDS, SECONDS = 3, 2  # of each load
READERS, MANY = 64, 1000  # connections
ENTRIES = 8  # in full, 62 KB
KEY = "feeds/kabar-harian/latest.rss"
SERVER, CLIENT = (["taskset", "-c", core] for core in "01")
NGINX = """
daemon off; worker_processes 1; user {user} {group}; pid nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; etag on; gzip_static on; gzip_vary on; open_file_cache max=100;
    keepalive_requests 1000000000; types {{ application/rss+xml rss; }}
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server {{ listen 127.0.0.1:{port} backlog=2048; root files; }}
}}
"""


class Server(NamedTuple):
    """`pid`: of the process that answers."""

    url: str
    pid: int


class Loaded(NamedTuple):
    """What wrk found. `rate`: answers a second; `p99`: milliseconds."""

    rate: float
    p99: float


def run() -> Iterator[Row]:
    """What is asked for most, by turns; then what nginx cannot do, many readers, and memory."""
    if not all(map(shutil.which, ("wrk", "nginx", "taskset"))):
        print("left out: on Debian and Ubuntu, apt-get install wrk nginx-light util-linux", file=sys.stderr)
        return
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir="build") as name:
        folder = Path(name).absolute()
        fill(folder)
        command = [*SERVER, *WIREROOM, "serve", "--port", "0"]
        with serving(command, folder) as (ours, process), nginx(folder) as theirs:
            memory = [resident(process)]
            both = Server(ours, process.pid), Server(theirs, worker_of(folder))
            yield from beside("304", both, 0.4, lambda url: f"If-None-Match: {etag(url)}")
            yield from beside("200, gzip", both, 0.5, lambda url: "Accept-Encoding: gzip")
            yield from beside("200, as it is", both, None, lambda url: "Accept: */*")
            memory.append(resident(process))
            yield row("catalogue", load(ours, "Accept: text/html").rate, "requests/s", goal=2_000)
            crowd = load(f"{ours}{KEY}", "Accept-Encoding: gzip", MANY)
            yield row(f"200, gzip, {MANY:,} connections", crowd.rate, "requests/s")
            yield row(f"p99 of it, {MANY:,} connections", crowd.p99, "ms")
            memory.append(resident(process))
    for when, value in zip(("at the start", f"after {READERS} readers", f"after {MANY:,}"), memory, strict=True):
        yield row(f"memory {when}", value, "MB")


def fill(folder: Path) -> None:
    """The same document in a store and where nginx looks for it."""
    body = splice(CHANNEL, next(iter(rounds()))[:ENTRIES], Fragments())[0]
    (folder / "wireroom.yaml").write_text(json.dumps({"store": {"url": "file:///store"}}))
    open_store(f"file:///{folder}/store").put(KEY, body, None, STATE)
    path = folder / "files" / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(body, 6))


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """Its address."""
    port = free_port()
    (folder / "nginx.conf").write_text(
        NGINX.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name, group=grp.getgrgid(os.getgid()).gr_name)
    )
    command = [*SERVER, "nginx", "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]
    with Process(command, folder / "nginx.log", lambda: answers(port)):
        yield f"http://127.0.0.1:{port}/"


def worker_of(folder: Path) -> int:
    """nginx's process that answers."""
    master = (folder / "nginx.pid").read_text().strip()
    return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


def beside(name: str, both: tuple[Server, Server], goal: float | None, header: Callable[[str], str]) -> Iterator[Row]:
    """Medians, by turns: rates, and processor time, which depends less on what else runs. `goal`: a share of nginx."""
    rates: dict[Server, list[float]] = {server: [] for server in both}
    times: dict[Server, list[float]] = {server: [] for server in both}
    for _ in range(ROUNDS):
        for server in both:
            used = processor(server.pid)
            rate = load(server.url + KEY, header(server.url + KEY)).rate
            rates[server].append(rate)
            times[server].append((processor(server.pid) - used) / (rate * SECONDS) * 1e6)
    rate, limit = (median(rates[server]) for server in both)
    yield row(f"{name}; limit: nginx", rate, "requests/s", limit, goal and goal * limit)
    yield row(f"{name}, processor; limit: nginx", median(times[both[0]]), "µs", median(times[both[1]]))


def etag(url: str) -> str:
    """Of the document as it is now."""
    with urllib.request.urlopen(url) as answer:
        return str(answer.headers["ETag"])


def load(url: str, header: str, connections: int = READERS) -> Loaded:
    """As many requests as one core can make. Raises when an answer is an error, or none came."""
    command = [*CLIENT, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-H", header, url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in told, told
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\b.*Requests/sec:\s+([\d.]+)", told, re.DOTALL)
    assert found, told
    return Loaded(float(found[3]), float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]])


def row(name: str, value: float, unit: str, limit: float | None = None, goal: float | None = None) -> Row:
    """As all measurements have it."""
    return {"name": f"http: {name}", "value": value, "unit": unit, "limit": limit, "goal": goal}
