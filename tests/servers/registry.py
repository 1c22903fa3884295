"""A real schema registry with Confluent's interface: Apicurio, in memory."""

import subprocess
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers import CACHE, Process, free_port, need

VERSION = "2.6.13.Final"  # later ones need Java 21
HOME = CACHE / f"apicurio-{VERSION}"
FETCH = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"

JAVA = ("java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dquarkus.http.host=127.0.0.1")


class Registry(Process):
    """Answers at `url`, as in the settings; forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        jar, port = install(), free_port()
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        folder.mkdir(parents=True, exist_ok=True)
        command = [*JAVA, f"-Dquarkus.http.port={port}", "-jar", str(jar)]
        super().__init__(command, folder / "output.log", self._answers)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False


def install() -> Path:
    """The jar, which needs the folder `lib` beside it; downloaded once."""
    need("java", "mvn", install="on Debian and Ubuntu, apt-get install openjdk-17-jre-headless maven")
    jar = HOME / f"apicurio-registry-app-{VERSION}-runner.jar"
    if not (HOME / ".complete").exists():
        artifact = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
        where = [f"-Dmaven.repo.local={CACHE / 'maven'}", f"-DoutputDirectory={HOME}"]
        subprocess.run(["mvn", "-q", "-B", FETCH, f"-Dartifact={artifact}", *where], check=True)
        packed = HOME / f"apicurio-registry-app-{VERSION}-all.tar.gz"
        with tarfile.open(packed) as archive:
            archive.extractall(HOME, filter="data")
        packed.unlink()
        (HOME / ".complete").touch()
    return jar
