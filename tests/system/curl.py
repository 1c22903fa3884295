"""Stands for curl in the commands of docs/cms.md: hands the request to `receive`, and appends what comes of it."""

import argparse
import os
import sys
from pathlib import Path

from wireroom.clock import SystemClock
from wireroom.config import load
from wireroom.connect import open_log
from wireroom.ingest.hooks import Delivery, Verdict
from wireroom.ingest.hooks.receive import receive


def main() -> int:
    """Exit code 22, as with --fail, for what is refused."""
    options = argparse.ArgumentParser()
    for flag in ("--fail", "--silent", "--show-error"):
        options.add_argument(flag, action="store_true", required=True)
    options.add_argument("--data-binary", required=True)
    options.add_argument("--header", action="append", required=True)
    options.add_argument("url")
    given = options.parse_args()
    cms, publication, *event = given.url.removeprefix("http://127.0.0.1:8081/v1/hooks/").split("/")
    headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in given.header)}
    body = Path(given.data_binary.removeprefix("@")).read_bytes()
    settings = load(None, os.environ)
    received = SystemClock().now()
    outcome = receive(settings, Delivery(cms, publication, "".join(event), headers, body, received))
    if outcome.verdict is not Verdict.ACCEPTED:
        print(outcome.verdict, outcome.reason, file=sys.stderr)
        return 22
    log = open_log(settings.log.url, settings.log.prefix)
    log.append(outcome.topic, outcome.messages)
    log.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
