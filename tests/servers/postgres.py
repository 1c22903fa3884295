"""PostgreSQL, as the system has it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers import Process, answers, free_port, need

AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")  # root may not run it


class Postgres(Process):
    """Trusts everybody on `port` of loopback; `url` is that of its one database. Forgets everything when it stops."""

    def __init__(self, output: Path) -> None:
        self._programs = _programs()
        self._user = AS_POSTGRES if os.geteuid() == 0 else ()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # where user postgres may look
        port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(self._folder), "-c", "fsync=off"]
        command = [*self._user, str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options]
        super().__init__(command, output, lambda: answers(port))

    def start(self) -> None:
        """As above, on a new database."""
        if self._user:
            shutil.chown(self._folder, "postgres", "postgres")
        new = [*self._user, self._programs / "initdb", "--auth=trust", "--username=postgres", "--no-sync"]
        made = subprocess.run([*new, "-D", self._folder / "data"], cwd="/", capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        super().start()

    def stop(self) -> None:
        """As above; nothing stays."""
        super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of its programs; Debian has one for each version, on nobody's PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if installed and (installed[-1] / "initdb").exists():
        return installed[-1]
    need("initdb", install="on Debian and Ubuntu, apt-get install postgresql")
    return Path(shutil.which("initdb") or "").parent
