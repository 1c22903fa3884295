"""Programs that tests start: built or downloaded once, by the ordinary client of each language."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

from tests.servers import CACHE, need

VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
TOXIPROXY = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"
GOFAKES3 = "github.com/johannesboyne/gofakes3/cmd/gofakes3@v0.0.0-20230506070712-04da935ef877"
MINIFLUX = "miniflux.app/v2@v2.2.12"
COMPOSE = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"  # reads a Compose file as the engine does
S3PROXY = "org.gaul:s3proxy:4.1.0:jar:jar-with-dependencies"
MOTO = "moto[server]==5.2.5"
SCHEMATHESIS = "schemathesis==4.32.5"
ASYNCAPI = "@asyncapi/specs@6.11.1"
AXE = "axe-core@4.14.1"


def go(package: str) -> Path:
    """A Go program of an exact version; compiling it takes a minute or two."""
    path, version = package.split("@")
    binary = CACHE / "go" / "bin" / version / re.sub(r"/v\d+$", "", path).rpartition("/")[2]
    if not binary.exists():
        need("go", install="Go 1.25 or later from its own site; Debian's is too old")
        environment = {"GOBIN": str(binary.parent), "GOPATH": str(CACHE / "go"), "GOCACHE": str(CACHE / "go" / "build")}
        _run("go", "install", "-modcacherw", package, environment=environment)
    return binary


def jar(coordinates: str) -> Path:
    """A jar with everything in it."""
    need("java", "mvn", install="on Debian and Ubuntu, apt-get install openjdk-17-jre-headless maven")
    group, name, version, _, classifier = coordinates.split(":")
    file = CACHE / "maven" / group.replace(".", "/") / name / version / f"{name}-{version}-{classifier}.jar"
    if not file.exists():
        repository = f"-Dmaven.repo.local={CACHE / 'maven'}"
        _run("mvn", "-q", "-B", "dependency:get", repository, f"-Dartifact={coordinates}", "-Dtransitive=false")
    return file


def pip(requirement: str, script: str) -> Path:
    """A Python program in an environment of its own."""
    home = CACHE / "pip" / requirement
    if not (home / "bin" / script).exists():
        _run(sys.executable, "-m", "venv", "--without-pip", str(home))
        _run(sys.executable, "-m", "pip", "--quiet", "--python", str(home / "bin" / "python"), "install", requirement)
    return home / "bin" / script


def npm(package: str, file: str) -> Path:
    """A file of an npm package; what it depends on is left out."""
    home = CACHE / "npm" / package.replace("/", "_")
    if not (home / "package" / file).exists():
        need("npm", install="on Debian and Ubuntu, apt-get install npm")
        home.mkdir(parents=True, exist_ok=True)
        _run("npm", "pack", package, "--silent", "--pack-destination", str(home), f"--cache={CACHE / 'npm' / 'cache'}")
        with tarfile.open(next(home.glob("*.tgz"))) as archive:
            archive.extractall(home, filter="data")
    return home / "package" / file


def node(project: Path) -> Path:
    """A folder with what a package.json and its lock ask for, and everything below it; the files beside them too."""
    lock = (project / "package-lock.json").read_bytes()
    home = CACHE / "npm" / f"{project.name}-{sha256(lock).hexdigest()[:16]}"
    if not (home / ".complete").exists():
        need("npm", "node", install="on Debian and Ubuntu, apt-get install npm")
        shutil.copytree(project, home, dirs_exist_ok=True)
        _run("npm", "ci", "--silent", "--ignore-scripts", f"--prefix={home}", f"--cache={CACHE / 'npm' / 'cache'}")
        (home / ".complete").touch()
    return home


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=os.environ | (environment or {}), capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
