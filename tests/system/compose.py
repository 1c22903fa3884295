"""deploy/compose/compose.yaml as an engine would read it: anchors merged, variables at their defaults."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.system.project import ROOT

FOLDER = ROOT / "deploy/compose"
VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


def read() -> dict[str, Any]:
    """The whole file. A key that stands twice is an error."""
    text = VARIABLE.sub(lambda match: match[1], (FOLDER / "compose.yaml").read_text())
    found: dict[str, Any] = YAML(typ="safe").load(text)
    return found


SERVICES: dict[str, dict[str, Any]] = read()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("wireroom-")}


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Where each mount goes -> what is mounted: a path of the project, or the name of a volume."""
    parts = (volume.removesuffix(":ro").rpartition(":") for volume in service.get("volumes", []))
    return {inside: source for source, _, inside in parts}


def source(name: str) -> Path:
    """A path beside the file."""
    return (FOLDER / name).resolve()
