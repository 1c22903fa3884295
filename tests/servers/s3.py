"""Real S3 servers, each with one bucket: one that keeps its promises, and two that do not."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import boto3

from tests.servers import Process, answers, free_port
from tests.servers.install import GOFAKES3, MOTO, S3PROXY, VERSITYGW, go, jar, pip

BUCKET = "newsroom"
KEY, SECRET = "testkey", "testsecret123"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}

S3PROXY_CONF = """s3proxy.endpoint=http://127.0.0.1:{port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={KEY}
s3proxy.credential={SECRET}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={data}
"""


class S3Server(Process):
    """Listens on `port`; has one bucket, `newsroom`."""

    def __init__(self, folder: Path, command: Sequence[str | Path], port: int) -> None:
        self.port = port
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__([str(part) for part in command], folder / "output.log", lambda: answers(port))

    def url(self, port: int | None = None) -> str:
        """A store's URL, where nothing is yet. `port`: of a proxy in between."""
        return f"s3://{BUCKET}/{uuid4().hex}?endpoint=http://127.0.0.1:{port or self.port}"


class InMemory(S3Server):
    """Has no bucket at its start."""

    def start(self) -> None:
        """As above, with the bucket."""
        super().start()
        credentials = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{self.port}", **credentials)
        client.create_bucket(Bucket=BUCKET)
        client.close()


def versitygw(folder: Path, *options: str) -> S3Server:
    """Atomic conditional writes; objects are files."""
    port, data = free_port(), folder / "data"
    (data / BUCKET).mkdir(parents=True, exist_ok=True)
    listen = ["--port", f"127.0.0.1:{port}", "--access", KEY, "--secret", SECRET, "--quiet"]
    return S3Server(folder, [go(VERSITYGW), *listen, *options, "posix", data], port)


def moto(folder: Path) -> S3Server:
    """For where there is no Go: also atomic, in memory, and slower."""
    port = free_port()
    return InMemory(folder, [pip(MOTO, "moto_server"), "-H", "127.0.0.1", "-p", str(port)], port)


def gofakes3(folder: Path) -> S3Server:
    """Ignores conditions."""
    port = free_port()
    return InMemory(folder, [go(GOFAKES3), "-backend", "memory", "-host", f"127.0.0.1:{port}"], port)


def s3proxy(folder: Path) -> S3Server:
    """Creates atomically; checks If-Match, and writes then."""
    port, data, conf = free_port(), folder / "data", folder / "s3proxy.conf"
    (data / BUCKET).mkdir(parents=True, exist_ok=True)
    conf.write_text(S3PROXY_CONF.format(port=port, data=data, KEY=KEY, SECRET=SECRET))
    return S3Server(folder, ["java", "-Xmx256m", "-jar", jar(S3PROXY), "--properties", conf], port)


def good(folder: Path) -> S3Server:
    """The real server: versitygw, or moto without Go."""
    return versitygw(folder) if shutil.which("go") else moto(folder)
