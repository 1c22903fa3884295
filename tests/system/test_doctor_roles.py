"""`wireroom doctor --as ROLE` with credentials of its own, on servers that refuse what nobody granted."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.servers.install import VERSITYGW, go
from tests.servers.kafka import GuardedBroker
from tests.servers.s3 import BUCKET, KEY, SECRET, S3Server, versitygw
from tests.system.newsroom import Newsroom
from tests.system.test_doctor import grant, newsroom_of, unwell

ROLES = ("feeds", "serve", "ingest")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A user for each role."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "iam").mkdir()
    with versitygw(folder, "--iam-dir", str(folder / "iam")) as server:
        admin = [str(go(VERSITYGW)), "admin", "-a", KEY, "-s", SECRET, "-er", f"http://127.0.0.1:{server.port}"]
        for role in ROLES:
            account = ["create-user", "-a", role, "-s", SECRET, "-r", "user"]
            subprocess.run([*admin, *account], check=True, capture_output=True)
        yield server


@pytest.fixture
def prefix() -> str:
    return uuid4().hex


def granted(server: S3Server, *rights: tuple[str, list[str], list[str]]) -> None:
    """The bucket's policy: who may do what with which keys; listing is granted on the whole bucket."""
    arn = f"arn:aws:s3:::{BUCKET}"
    statements: list[dict[str, Any]] = []
    for who, actions, keys in rights:
        allow = {"Effect": "Allow", "Principal": {"AWS": [who]}}
        statements.append({**allow, "Action": actions, "Resource": [f"{arn}/{key}" for key in keys]})
        statements.append({**allow, "Action": "s3:ListBucket", "Resource": arn})
    client = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{server.port}", aws_access_key_id=KEY,
        aws_secret_access_key=SECRET, region_name="us-east-1",
    )  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": statements}
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    client.close()


def newsroom(server: S3Server, folder: Path, prefix: str, role: str) -> Newsroom:
    credentials = {"AWS_ACCESS_KEY_ID": role, "AWS_SECRET_ACCESS_KEY": SECRET}
    url = f"s3://{BUCKET}/{prefix}?endpoint=http://127.0.0.1:{server.port}"
    return Newsroom(folder, **credentials, WIREROOM_STORE__URL=url)


def doctor(room: Newsroom, role: str, expect: int) -> Mapping[str, Mapping[str, str]]:
    return {each["what"]: each for each in json.loads(room.run("doctor", "--as", role, "--json", expect=expect))}


def test_a_server_that_may_read_and_no_more(server: S3Server, tmp_path: Path, prefix: str) -> None:
    shown = [f"{prefix}/{sink}/*" for sink in ("feeds", "sitemaps", "articles")]
    granted(server, ("serve", ["s3:GetObject"], shown))
    checks = doctor(newsroom(server, tmp_path, prefix, "serve"), "serve", 0)
    assert unwell(checks) == set()
    assert checks["store: feeds/"]["told"] == "s3:GetObject, s3:ListBucket"
    assert checks["store: feeds/"]["remedy"] == ""


def test_a_server_that_could_write_documents(server: S3Server, tmp_path: Path, prefix: str) -> None:
    granted(server, ("serve", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{prefix}/*"]))
    checks = doctor(newsroom(server, tmp_path, prefix, "serve"), "serve", 0)
    feeds, editions = checks["store: feeds/"], checks["store: editions/"]
    assert "not needed: s3:DeleteObject, s3:PutObject" in feeds["told"]
    assert feeds["remedy"] == "take s3:DeleteObject, s3:PutObject on feeds/* from this role"
    assert editions["told"].startswith("nothing is needed; not needed: s3:DeleteObject, s3:GetObject")


def test_a_worker_that_cannot_write_its_documents(server: S3Server, tmp_path: Path, prefix: str) -> None:
    granted(
        server,
        ("feeds", ["s3:GetObject", "s3:DeleteObject"], [f"{prefix}/*"]),
        ("feeds", ["s3:PutObject"], [f"{prefix}/editions/*"]),
    )
    room = newsroom(server, tmp_path, prefix, "feeds")
    room.environment["WIREROOM_LOG__URL"] = f"sqlite:///{tmp_path}/wireroom.db"
    checks = doctor(room, "feeds", 78)
    assert checks["store: feeds/"]["state"] == "wrong"
    assert "403" in checks["store: feeds/"]["told"]
    assert checks["store: feeds/"]["remedy"] == "allow s3:PutObject on feeds/*"
    assert checks["store: editions/"]["state"] == "well"
    assert not list((server._output.parent / "data" / BUCKET).rglob(f"{prefix}/**/*")), "it changed nothing"


def test_topics(tmp_path: Path) -> None:
    prefix = f"{uuid4().hex}."
    with GuardedBroker(tmp_path / "kafka", "publisher") as broker:
        everybody = Newsroom(tmp_path, WIREROOM_LOG__URL=broker.url, WIREROOM_LOG__PREFIX=prefix)
        everybody.run("topics", "apply", "--partitions", "1")
        publisher = newsroom_of("publisher", broker, tmp_path / "publisher", prefix)
        grant(broker, "publisher", ("topic", f"{prefix}articles", ["WRITE", "READ"]))
        checks = doctor(publisher, "publisher", 1)
        assert unwell(checks) == {f"topic {prefix}articles.backfill"}
        rights = checks[f"rights: {prefix}articles"]
        assert (rights["told"], rights["state"]) == ("Write; not needed: Read", "well")
        assert rights["remedy"] == f"take Read on the topic {prefix}articles from this user"
        grant(broker, "publisher", ("topic", f"{prefix}articles.backfill", ["WRITE"]))
        assert unwell(doctor(publisher, "publisher", 0)) == set()
