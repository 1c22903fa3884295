"""Three real brokers that keep three copies of everything; each may be killed and started again."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.servers import PATIENCE, free_port
from tests.servers.kafka import Broker
from wireroom.connect import KAFKA
from wireroom.errors import RetryAfter
from wireroom.log.kafka.admin import Admin
from wireroom.log.kafka.library import Connection

SIZE = 3
NODE = """node.id={number}
controller.quorum.bootstrap.servers=
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{controller}
offsets.topic.replication.factor=3
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controlled.shutdown.enable=false
"""


class Node(Broker):
    """One of them, and its part of the quorum of controllers."""

    def __init__(self, folder: Path, cluster: str, number: int, controllers: Sequence[int]) -> None:
        voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1))
        controller = controllers[number - 1]
        super().__init__(folder, more=NODE.format(number=number, voters=voters, controller=controller))
        self.number = number
        self._format.remove("--standalone")
        self._format[self._format.index("-t") + 1] = cluster


class Cluster:
    """All of them, each in a folder of its own; `url` as in the settings."""

    def __init__(self, folder: Path) -> None:
        cluster, controllers = str(uuid4()), [free_port() for _ in range(SIZE)]
        self.nodes = [Node(folder / f"broker-{n}", cluster, n, controllers) for n in range(1, SIZE + 1)]
        self.url = KAFKA + ",".join(node.url.removeprefix(KAFKA) for node in self.nodes)

    def __enter__(self) -> Self:
        try:
            self.start(*self.nodes)
            deadline = time.monotonic() + PATIENCE
            while len(self.registered()) < SIZE and time.monotonic() < deadline:
                time.sleep(0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()  # in order it would take minutes: who leaves last waits for the others

    def start(self, *nodes: Node) -> None:
        """Start these, at once: none is ready before a majority is."""
        with ThreadPoolExecutor(SIZE) as threads:
            list(threads.map(Node.start, nodes))

    def registered(self) -> list[int]:
        """Those that answer, as they tell it themselves."""
        brokers = self.url.removeprefix(KAFKA).split(",")
        try:
            with closing(Admin(Connection(brokers, {}))) as admin:
                return [each.number for each in admin.brokers() if not each.is_fenced]
        except RetryAfter:
            return []

    def leaders(self, topic: str) -> list[Node]:
        """Of each partition of a topic, by number."""
        brokers = self.url.removeprefix(KAFKA).split(",")
        with closing(Connection(brokers, {}).admin()) as admin:
            partitions = admin.describe_topics([topic])[0]["partitions"]
        by_number = {each["partition_index"]: each["leader_id"] for each in partitions}
        return [self.nodes[by_number[number] - 1] for number in sorted(by_number)]
