"""The data folder: what is in it, whose it is, and who may use it now.

    DIR/partita.json      the marker: format version, cluster id, ports
    DIR/partita.lock      held while a partita uses the folder (lock.py)
    DIR/kafka/            Kafka's own files; kafka/meta.properties repeats the cluster id
    DIR/kafka.properties  the broker's settings, written anew at each start
    DIR/kafka.log         what the broker had to say, and kafka.log.1 before that

A folder is looked at, read only, before anything in it is changed. The marker is written before
Kafka's files: wherever a first start is cut off, the next one goes on from there.
"""

import base64
import json
import os
import uuid
from pathlib import Path
from typing import NamedTuple

from partita.deploy.errors import (
    DataFolderForeign,
    DataFolderFormat,
    DataFolderMixed,
    DataFolderUnwritable,
)
from partita.deploy.kafka.lock import NAME as LOCK
from partita.deploy.kafka.lock import FolderLock

FORMAT = 1
MARKER = "partita.json"
_SCRATCH = MARKER + ".new"
# What may stand in a folder that is not ours yet: traces of a first start that was cut off, and
# what a freshly made file system holds.
_IGNORED = frozenset({LOCK, _SCRATCH, "lost+found"})
# What StorageTool writes, meta.properties last: with anything else, the folder has been in use.
_BEFORE_FORMATTED = ("bootstrap.checkpoint", "meta.properties")


class Marker(NamedTuple):
    """What partita.json says. A port is None until one has been chosen."""

    cluster_id: str
    port: int | None = None
    controller_port: int | None = None


class DataFolder:
    """The files under `path`; they may be changed between `open` and `close` only."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.kafka = self.path / "kafka"
        self.log = self.path / "kafka.log"
        self.settings = self.path / "kafka.properties"
        self.marker = Marker(cluster_id="")
        self._lock: FolderLock | None = None

    def check(self) -> Marker | None:
        """Read the folder, changing nothing; None where it is new.

        Raises DataFolderForeign, DataFolderFormat, DataFolderMixed, DataFolderUnwritable.
        """
        try:
            names = _names(self.path)
            if MARKER not in names:
                foreign = [name for name in names if name not in _IGNORED]
                if foreign:
                    raise DataFolderForeign(self.path, foreign[0])
                return None
            marker = self._parse((self.path / MARKER).read_bytes())
            self._compare(marker)
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error
        return marker

    def open(self) -> None:
        """Make the folder if need be, lock it, check it and give a new one its marker.

        Raises what `check` raises, and DataFolderInUse.
        """
        self.check()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self.path)
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error
        try:
            # Again, now that nobody else can change it.
            marker = self.check()
            self.marker = marker or Marker(cluster_id=_new_cluster_id())
            if marker is None:
                self.write(MARKER, self._marker_text())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others use the folder; without effect if it is not open."""
        if self._lock is not None:
            held, self._lock = self._lock, None
            held.release()

    @property
    def lock(self) -> FolderLock:
        """The lock, while the folder is open."""
        if self._lock is None:
            raise RuntimeError(f"{self.path} is not open")
        return self._lock

    @property
    def formatted(self) -> bool:
        """Whether Kafka's storage has been formatted to the end."""
        return self._kafka_cluster() is not None

    def clear_unformatted(self) -> None:
        """Remove what a formatting that was cut off has left. Raises DataFolderUnwritable."""
        try:
            for name in _names(self.kafka):
                if name.startswith(_BEFORE_FORMATTED):
                    (self.kafka / name).unlink()
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error

    def remember(self, port: int, controller_port: int) -> None:
        """Keep the ports for the next start. Raises DataFolderUnwritable."""
        marker = self.marker._replace(port=port, controller_port=controller_port)
        if marker != self.marker:
            self.marker = marker
            self.write(MARKER, self._marker_text())

    def write(self, name: str, text: str) -> None:
        """Replace the file `name` as a whole. Raises DataFolderUnwritable."""
        scratch = self.path / (name + ".new")
        try:
            with scratch.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self.path / name)
        except OSError as error:
            raise DataFolderUnwritable(self.path, str(error.strerror)) from error

    def _marker_text(self) -> str:
        return json.dumps({"format": FORMAT, **self.marker._asdict()}, indent=2) + "\n"

    def _parse(self, data: bytes) -> Marker:
        try:
            fields = json.loads(data)
            version = fields["format"]
            if version == FORMAT:
                marker = Marker(**{name: fields[name] for name in Marker._fields})
        except (ValueError, TypeError, KeyError) as error:
            raise DataFolderFormat(self.path, f"its {MARKER} is damaged ({error!r})") from error
        if version != FORMAT:
            reason = f"its {MARKER} has format {version!r}, and this partita reads {FORMAT}"
            raise DataFolderFormat(self.path, reason)
        ports = (marker.port, marker.controller_port)
        if not isinstance(marker.cluster_id, str) or not all(map(_is_port, ports)):
            raise DataFolderFormat(self.path, f"its {MARKER} is damaged ({fields})")
        return marker

    def _compare(self, marker: Marker) -> None:
        """Raise DataFolderMixed unless Kafka's own files are of the marker's cluster."""
        found = self._kafka_cluster()
        if found is None:
            names = _names(self.kafka)
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
            text = (self.kafka / "meta.properties").read_text(errors="replace")
        except FileNotFoundError:
            return None
        fields = dict(line.strip().partition("=")[::2] for line in text.splitlines())
        return fields.get("cluster.id") if "node.id" in fields else None


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def _is_port(value: object) -> bool:
    return value is None or (type(value) is int and 0 < value < 1 << 16)


def _new_cluster_id() -> str:
    """A random id as Kafka makes them: 16 bytes in base64 without padding, no dash in front."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()).startswith("-"):
        pass
    return text
