"""One Cassandra node of our own: made, started, stopped and found again in a data folder."""

from collections.abc import Sequence
from pathlib import Path

from partita.deploy.cassandra import probe, settings
from partita.deploy.cassandra.folder import CassandraFolder
from partita.deploy.errors import CassandraDied, CassandraNotReady
from partita.deploy.servers.jars import Jars
from partita.deploy.servers.java import JavaNeeds, Runtime
from partita.deploy.servers.server import EmbeddedServer, Kind, Progress

_HERE = Path(__file__).resolve().parent


class EmbeddedCassandra(EmbeddedServer[CassandraFolder]):
    """A node on 127.0.0.1 with its data under `data`; see EmbeddedServer for its life.

    `options` are added to the JVM's.
    """

    kind = Kind(
        jars=Jars(
            server="Cassandra",
            name="cassandra",
            pom=_HERE / "pom.xml",
            main="cassandra-all-*.jar",
            megabytes=80,
        ),
        # Its security manager, which it cannot do without, is gone from Java 24 on.
        java=JavaNeeds("Cassandra", oldest=17, newest=23),
        died=CassandraDied,
        not_ready=CassandraNotReady,
        ready_timeout_s=180.0,  # usually 5 s; after a kill it replays its commit log
        stop_timeout_s=60.0,  # usually 2 s; it writes its tables out
    )

    def __init__(self, data: Path, port: int | None = None, options: Sequence[str] = ()) -> None:
        super().__init__(CassandraFolder(data), port)
        self._options = tuple(options)

    def _prepare(self, runtime: Runtime, port: int, inner_port: int, report: Progress) -> list[str]:
        del report
        folder = self._folder
        folder.empty_tmp()
        cluster = folder.marker.cluster_id
        folder.write(folder.settings.name, settings.yaml(cluster, port, inner_port))
        options = (
            *settings.JVM,
            f"-Dcassandra.config={folder.settings.as_uri()}",
            f"-Dlogback.configurationFile={(_HERE / 'logback.xml').as_uri()}",
            *self._options,
        )
        return runtime.command(options, "org.apache.cassandra.service.CassandraDaemon")

    def _is_ready(self, port: int) -> bool:
        return probe.is_ready(port, self._folder.marker.cluster_id)
