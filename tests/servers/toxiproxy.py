"""A proxy that breaks connections on demand."""

import json
import urllib.request
from pathlib import Path

from tests.servers import Process, answers, free_port
from tests.servers.install import TOXIPROXY, go


class Proxy(Process):
    """Stands before `upstream`, a port of this machine; listens on `port`; lets all through until told otherwise."""

    def __init__(self, folder: Path, upstream: int, port: int | None = None) -> None:
        self.port, self._control = port or free_port(), free_port()
        self._upstream = self._leads_to = upstream
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(go(TOXIPROXY)), "-host", "127.0.0.1", "-port", str(self._control)]
        super().__init__(command, folder / "toxiproxy.log", lambda: answers(self._control))

    def start(self) -> None:
        """As above, and let connections through."""
        super().start()
        self._tell(
            "/proxies",
            name="s3",
            listen=f"127.0.0.1:{self.port}",
            upstream=f"127.0.0.1:{self._leads_to}",
            enabled=True,
        )

    def toxic(self, kind: str, stream: str = "downstream", **attributes: int) -> None:
        """One more trouble: `latency`, `timeout`, `reset_peer`, `limit_data` …, on the way of answers or `upstream`."""
        self._tell("/proxies/s3/toxics", name=kind, type=kind, stream=stream, attributes=attributes)

    def down(self) -> None:
        """Refuse connections."""
        self._tell("/proxies/s3", enabled=False)

    def lead_to(self, upstream: int | None = None) -> None:
        """Stand before another port, or the first one again; who is connected must connect anew."""
        self._leads_to = upstream or self._upstream
        self._tell("/proxies/s3", upstream=f"127.0.0.1:{self._leads_to}")

    def reset(self) -> None:
        """All is well again."""
        try:
            self._tell("/reset")
        except TimeoutError:  # it may wait for ever for a connection that is gone: Shopify/toxiproxy#558
            self.kill()
            self.start()

    def _tell(self, path: str, **what: object) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._control}{path}", json.dumps(what).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10):
            pass
