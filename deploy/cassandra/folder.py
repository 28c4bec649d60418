"""Cassandra's data folder.

    DIR/partita.json    the marker: format version, the cluster's id, ports
    DIR/partita.lock    held while a partita uses the folder
    DIR/cassandra/      Cassandra's own files: data, commit log, hints, saved caches
    DIR/cassandra.yaml  its settings, written anew at each start
    DIR/cassandra.log   what it had to say, and cassandra.log.1 before that
    DIR/tmp/            native libraries that Java unpacks; emptied at each start

The cluster's id is Cassandra's cluster name too, and Cassandra itself refuses files of another.
"""

import shutil

from partita.deploy.errors import DataFolderName, DataFolderUnwritable
from partita.deploy.servers.folder import Marker, ServerFolder

# Cassandra writes the paths of files that a compaction replaces between commas, and where it was
# killed then, it does not start again.
_UNBEARABLE = ","


class CassandraFolder(ServerFolder):
    """The files of the embedded Cassandra."""

    name = "cassandra"
    inner = "storage_port"
    settings_suffix = "yaml"

    def check(self) -> Marker | None:
        """As ServerFolder, and raises DataFolderName."""
        if _UNBEARABLE in str(self.path):
            raise DataFolderName(self.path, _UNBEARABLE, "Cassandra")
        return super().check()

    def empty_tmp(self) -> None:
        """Make DIR/tmp empty: a killed Java leaves things there. Raises DataFolderUnwritable."""
        tmp = self.path / "tmp"
        try:
            if tmp.exists():
                shutil.rmtree(tmp)
            tmp.mkdir()
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error
