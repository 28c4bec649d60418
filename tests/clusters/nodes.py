"""A Kafka cluster of several nodes, as a user has one: nothing says that it is embedded."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from partita.deploy.kafka import settings
from partita.deploy.kafka.embedded import JARS, JAVA
from partita.deploy.servers import java, ports
from partita.deploy.servers.process import LeashedProcess

PATIENCE_S = 90.0
# Three machines share this one: a small heap and few threads each.
JVM = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1")


class Ports:
    """The ports of the nodes, all different."""

    def __init__(self, nodes: int) -> None:
        taken = set[int]()
        while len(taken) < 2 * nodes:
            taken.add(ports.choose(None))
        free = sorted(taken)
        self.clients, self.controllers = free[:nodes], free[nodes:]


def properties(node: int, chosen: Ports) -> str:
    """Return a node's settings: the embedded one's, but for what makes it one of several."""
    voters = ",".join(
        f"{number}@{ports.HOST}:{port}" for number, port in enumerate(chosen.controllers, start=1)
    )
    own = settings.broker_properties(chosen.clients[node - 1], chosen.controllers[node - 1])
    kept = [line for line in own.splitlines() if not line.startswith("broker.rack")]
    # The last of two lines of one key counts.
    return "\n".join([*kept, f"node.id={node}", f"controller.quorum.voters={voters}", ""])


@contextmanager
def cluster(folder: Path, nodes: int) -> Iterator[str]:
    """Run a cluster, and yield an address of it once all nodes serve."""
    runtime = java.Runtime(java.find_java(JAVA), JARS.class_path(lambda _: None))
    chosen, cluster_id = Ports(nodes), uuid.uuid4().hex[:22]
    started: list[LeashedProcess] = []

    def start(node: int, options: tuple[str, ...], main: str, *arguments: str) -> LeashedProcess:
        own = folder / str(node)
        command = runtime.command(options, main, *arguments)
        started.append(LeashedProcess(command, folder=own, log=own / "log"))
        return started[-1]

    try:
        for node in range(1, nodes + 1):
            (folder / str(node)).mkdir(parents=True)
            (folder / str(node) / "properties").write_text(properties(node, chosen))
        formatting = [
            start(
                *(node, settings.FORMAT_JVM, "kafka.tools.StorageTool"),
                *("format", "-t", cluster_id, "-c", "properties"),
            )
            for node in range(1, nodes + 1)
        ]
        assert [0] * nodes == [process.wait(PATIENCE_S) for process in formatting]
        for node in range(1, nodes + 1):
            start(node, JVM, "kafka.Kafka", "properties")
        bootstrap = f"{ports.HOST}:{chosen.clients[0]}"
        _await(bootstrap, nodes)
        yield bootstrap
    finally:
        for process in started:
            process.kill()


def _await(bootstrap: str, nodes: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    while True:
        try:
            if len(client.list_topics(timeout=1.0).brokers) == nodes:
                return
        except KafkaException:
            time.sleep(0.1)
        assert time.monotonic() < deadline_s, "the cluster does not come up"
