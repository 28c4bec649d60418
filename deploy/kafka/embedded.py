"""One Kafka node of our own: made, started, stopped and found again in a data folder."""

from pathlib import Path

from partita.deploy.errors import KafkaDied, KafkaNotReady
from partita.deploy.kafka import probe, settings
from partita.deploy.kafka.folder import DataFolder
from partita.deploy.servers import java
from partita.deploy.servers.jars import Jars
from partita.deploy.servers.server import EmbeddedServer, Kind, Progress

FORMAT_TIMEOUT_S = 60.0  # usually 0.7 s
JARS = Jars(
    server="Kafka",
    name="kafka",
    pom=Path(__file__).resolve().with_name("pom.xml"),
    main="kafka_*.jar",
    megabytes=44,
)
JAVA = java.JavaNeeds("Kafka", oldest=17)  # Kafka 4 brokers are compiled for Java 17


class EmbeddedKafka(EmbeddedServer[DataFolder]):
    """A KRaft broker on 127.0.0.1 with its data under `data`; see EmbeddedServer for its life."""

    kind = Kind(
        jars=JARS,
        java=JAVA,
        died=KafkaDied,
        not_ready=KafkaNotReady,
        # Usually 2 s; after a kill it checks what was open, up to 1 GiB a partition.
        ready_timeout_s=120.0,
        stop_timeout_s=30.0,  # usually 0.4 s; longer than Kafka takes to write out what is open
    )

    def __init__(self, data: Path, port: int | None = None) -> None:
        super().__init__(DataFolder(data), port)

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`; known from the first start on."""
        return self.address

    def _prepare(
        self, runtime: java.Runtime, port: int, inner_port: int, report: Progress
    ) -> list[str]:
        file = self._folder.settings.name
        self._folder.write(file, settings.broker_properties(port, inner_port))
        if not self._folder.formatted:
            report(f"formatting Kafka's storage in {self._folder.files}")
            self._format(runtime)
        return runtime.command(settings.BROKER_JVM, "kafka.Kafka", file)

    def _is_ready(self, port: int) -> bool:
        return probe.is_ready(port, self._folder.marker.cluster_id)

    def _format(self, runtime: java.Runtime) -> None:
        """Give Kafka's storage the marker's cluster id; also where a former try was cut off."""
        self._folder.clear_unformatted()
        cluster, file = self._folder.marker.cluster_id, self._folder.settings.name
        arguments = ["format", "-t", cluster, "-c", file]
        tool = "kafka.tools.StorageTool"
        formatter = self._spawn(runtime.command(settings.FORMAT_JVM, tool, *arguments))
        try:
            status = formatter.wait(FORMAT_TIMEOUT_S)
        except TimeoutError as error:
            what = f"formatting Kafka's storage takes more than {FORMAT_TIMEOUT_S:.0f} s"
            raise KafkaNotReady(what, self.log, self._log.tail()) from error
        if status != 0 or not self._folder.formatted:
            raise self._death(status, "formatting Kafka's storage")
