"""`python -m tests.servers`: build and download all that tests start; what cannot be had is told, one line each."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.servers import feedsmith, install, kafka, registry

PROGRAMS: Mapping[str, Callable[[], Path]] = {
    "versitygw": lambda: install.go(install.VERSITYGW),
    "toxiproxy": lambda: install.go(install.TOXIPROXY),
    "gofakes3": lambda: install.go(install.GOFAKES3),
    "compose": lambda: install.go(install.COMPOSE),
    "miniflux": lambda: install.go(install.MINIFLUX),
    "schemathesis": lambda: install.pip(install.SCHEMATHESIS, "st"),
    "asyncapi": lambda: install.npm(install.ASYNCAPI, "schemas/3.1.0.json"),
    "axe": lambda: install.npm(install.AXE, "axe.min.js"),
    "feedsmith": lambda: install.node(feedsmith.PROJECT),
    "kafka": kafka.install,
    "s3proxy": lambda: install.jar(install.S3PROXY),
    "apicurio": registry.install,
}

if __name__ == "__main__":
    for name, make in PROGRAMS.items():
        try:
            make()
        except pytest.skip.Exception as absent:
            print(f"{name}: {absent}", file=sys.stderr)
        except pytest.fail.Exception as absent:
            sys.exit(f"{name}: {absent}")
