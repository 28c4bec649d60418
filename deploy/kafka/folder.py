"""Kafka's data folder.

DIR/partita.json      the marker: format version, cluster id, ports
DIR/partita.lock      held while a partita uses the folder
DIR/kafka/            Kafka's own files; kafka/meta.properties repeats the cluster id
DIR/kafka.properties  the broker's settings, written anew at each start
DIR/kafka.log         what the broker had to say, and kafka.log.1 before that
"""

from partita.deploy.errors import DataFolderMixed, DataFolderUnwritable
from partita.deploy.servers.folder import MARKER, Marker, ServerFolder, names_in

# What StorageTool writes, meta.properties last: with anything else, the folder has been in use.
_BEFORE_FORMATTED = ("bootstrap.checkpoint", "meta.properties")


class DataFolder(ServerFolder):
    """The files of the embedded Kafka."""

    name = "kafka"
    inner = "controller_port"
    settings_suffix = "properties"

    @property
    def formatted(self) -> bool:
        """Whether Kafka's storage has been formatted to the end."""
        return self._kafka_cluster() is not None

    def clear_unformatted(self) -> None:
        """Remove what a formatting that was cut off has left. Raises DataFolderUnwritable."""
        try:
            for name in names_in(self.files):
                if name.startswith(_BEFORE_FORMATTED):
                    (self.files / name).unlink()
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error

    def compare(self, marker: Marker) -> None:
        """Raise DataFolderMixed unless Kafka's own files are of the marker's cluster."""
        found = self._kafka_cluster()
        if found is None:
            names = names_in(self.files)
            strays = [name for name in names if not name.startswith(_BEFORE_FORMATTED)]
            if strays:
                reason = f"kafka/ holds {strays[0]!r}, but no whole meta.properties"
                raise DataFolderMixed(self.path, reason)
        elif found != marker.cluster_id:
            reason = f"{MARKER} names cluster {marker.cluster_id}, Kafka's own files {found}"
            raise DataFolderMixed(self.path, reason)

    def _kafka_cluster(self) -> str | None:
        """The cluster id in Kafka's meta.properties; None where that is missing or not whole.

        It is written last when formatting, and on a full disk it has been seen empty.
        """
        try:
            text = (self.files / "meta.properties").read_text(errors="replace")
        except FileNotFoundError:
            return None
        fields = dict(line.strip().partition("=")[::2] for line in text.splitlines())
        return fields.get("cluster.id") if "node.id" in fields else None
