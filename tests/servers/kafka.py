"""A real Kafka broker: KRaft, one process, jars from Maven."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from tests.servers import CACHE, Process, answers, free_port, need

VERSION = "4.1.1"
LOG4J = "2.25.2"
HOME = CACHE / f"kafka-{VERSION}"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>wireroom</groupId><artifactId>kafka</artifactId><version>1</version>
<packaging>pom</packaging><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>{LOG4J}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>{LOG4J}</version></dependency>
</dependencies></project>
"""

LOGGING = """Configuration:
  Appenders:
    Console: {name: out, PatternLayout: {pattern: "%d %p %m%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: out}}
    Logger: {name: org.apache.kafka.coordinator.group, level: info}
"""

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"""

# Each further door is told by another port than its own, for a proxy before it.
DOORS = """listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}},{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{{advertised}},{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{protocols}
"""

# Behind a second door users are known by name, and may do what they were granted; at the first, everything.
GUARDED = """listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:GUARDED,CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:GUARDED
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
listener.name.sasl_plaintext.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
PASSWORD = "secret"

JAVA = ("java", "-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Broker(Process):
    """A broker whose data lies in `folder`: start it again, and it has them. `url` as in the settings.

    `advertised`: the port that clients are told, for a proxy in between. `more`: properties; they count before ours.
    `proxies`: the ports of proxies, each of which stands before one of `doors`.
    """

    def __init__(
        self, folder: Path, advertised: int | None = None, more: str = "", proxies: Sequence[int] = ()
    ) -> None:
        jars = install()
        self.doors = [free_port() for _ in proxies]
        more += doors(self.doors, proxies) if proxies else ""
        self.port, self.data = free_port(), folder / "data"
        self.url = f"kafka://127.0.0.1:{advertised or self.port}"
        properties = folder / "server.properties"
        folder.mkdir(parents=True, exist_ok=True)
        properties.write_text(
            (PROPERTIES + more).format(
                port=self.port, controller=free_port(), advertised=advertised or self.port, data=self.data
            )
        )
        logging = folder / "log4j2.yaml"
        logging.write_text(LOGGING)
        self._format = ["java", "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", "--standalone"]
        self._format += ["-t", str(uuid4()), "-c", str(properties)]
        command = [*JAVA, f"-Dlog4j2.configurationFile=file:{logging}", "-cp", f"{jars}/*", "kafka.Kafka"]
        super().__init__([*command, str(properties)], folder / "output.log", lambda: answers(self.port))

    def start(self) -> None:
        """As above; an empty folder is formatted first."""
        if not self.data.exists():
            subprocess.run(self._format, check=True, capture_output=True)
        super().start()


class GuardedBroker(Broker):
    """Knows these users, all with the same password; `guarded_url` is the door at which it asks who comes."""

    def __init__(self, folder: Path, *users: str) -> None:
        port = free_port()
        super().__init__(folder, more=GUARDED.replace("GUARDED", str(port)))
        self.guarded_url = f"kafka://127.0.0.1:{port}"
        for user in users:
            self._format += ["--add-scram", f"SCRAM-SHA-256=[name={user},password={PASSWORD}]"]


def doors(ports: Sequence[int], advertised: Sequence[int]) -> str:
    """Properties of further doors."""
    names = [f"DOOR{number}" for number, _ in enumerate(ports)]
    return DOORS.format(
        listeners=",".join(f"{name}://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)),
        advertised=",".join(f"{name}://127.0.0.1:{port}" for name, port in zip(names, advertised, strict=True)),
        protocols=",".join(f"{name}:PLAINTEXT" for name in names),
    )


def install() -> Path:
    """The folder of the jars, downloaded once."""
    need("java", "mvn", install="on Debian and Ubuntu, apt-get install openjdk-17-jre-headless maven")
    jars = HOME / "lib"
    if not (HOME / ".complete").exists():
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "pom.xml").write_text(POM)
        fetch = ["mvn", "-q", "-B", f"-Dmaven.repo.local={CACHE / 'maven'}", "-f", str(HOME / "pom.xml")]
        subprocess.run([*fetch, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], check=True)
        (HOME / ".complete").touch()
    return jars
