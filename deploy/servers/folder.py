"""A server's data folder: what is in it, whose it is, and who may use it now.

    DIR/partita.json  the marker: format version, the server's id, ports
    DIR/partita.lock  held while a partita uses the folder (lock.py)
    DIR/NAME/         the server's own files, and beside it what it was started with
    DIR/NAME.log      what the server had to say, and NAME.log.1 before that

A folder is looked at, read only, before anything in it is changed. The marker is written before
the server's files: wherever a first start is cut off, the next one goes on from there.
"""

import base64
import json
import os
import uuid
from pathlib import Path
from typing import ClassVar, NamedTuple

from partita.deploy.errors import (
    DataFolderForeign,
    DataFolderFormat,
    DataFolderUnwritable,
)
from partita.deploy.servers.lock import NAME as LOCK
from partita.deploy.servers.lock import FolderLock

FORMAT = 1
MARKER = "partita.json"
_SCRATCH = MARKER + ".new"
# What may stand in a folder that is not ours yet: traces of a first start that was cut off, and
# what a freshly made file system holds.
_IGNORED = frozenset({LOCK, _SCRATCH, "lost+found"})


class Marker(NamedTuple):
    """What partita.json says. A port is None until one has been chosen."""

    cluster_id: str
    port: int | None = None
    inner_port: int | None = None  # the server's own, for itself


class ServerFolder:
    """The files under `path`; they may be changed between `open` and `close` only."""

    name: ClassVar[str]  # of the server, in file names
    inner: ClassVar[str]  # what the marker calls the inner port
    settings_suffix: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.files = self.path / self.name
        self.log = self.path / f"{self.name}.log"
        self.settings = self.path / f"{self.name}.{self.settings_suffix}"
        self.marker = Marker(cluster_id="")
        self._lock: FolderLock | None = None

    def check(self) -> Marker | None:
        """Read the folder, changing nothing; None where it is new.

        Raises DataFolderForeign, DataFolderFormat, DataFolderMixed, DataFolderUnwritable.
        """
        try:
            names = names_in(self.path)
            if MARKER not in names:
                foreign = [name for name in names if name not in _IGNORED]
                if foreign:
                    raise DataFolderForeign(self.path, foreign[0])
                return None
            marker = self._parse((self.path / MARKER).read_bytes())
            self.compare(marker)
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

    def compare(self, marker: Marker) -> None:
        """Raise DataFolderMixed unless the server's own files are of the marker's cluster."""

    def remember(self, port: int, inner_port: int) -> None:
        """Keep the ports for the next start. Raises DataFolderUnwritable."""
        marker = self.marker._replace(port=port, inner_port=inner_port)
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
        cluster_id, port, inner_port = self.marker
        fields = {"format": FORMAT, "cluster_id": cluster_id, "port": port, self.inner: inner_port}
        return json.dumps(fields, indent=2) + "\n"

    def _parse(self, data: bytes) -> Marker:
        try:
            fields = json.loads(data)
            version = fields["format"]
            if version == FORMAT:
                marker = Marker(*(fields[name] for name in ("cluster_id", "port", self.inner)))
        except (ValueError, TypeError, KeyError) as error:
            raise DataFolderFormat(self.path, f"its {MARKER} is damaged ({error!r})") from error
        if version != FORMAT:
            reason = f"its {MARKER} has format {version!r}, and this partita reads {FORMAT}"
            raise DataFolderFormat(self.path, reason)
        ports = (marker.port, marker.inner_port)
        if not isinstance(marker.cluster_id, str) or not all(map(_is_port, ports)):
            raise DataFolderFormat(self.path, f"its {MARKER} is damaged ({fields})")
        return marker


def names_in(folder: Path) -> list[str]:
    """Return what is in `folder`, nothing where there is none. Raises OSError."""
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def _is_port(value: object) -> bool:
    return value is None or (type(value) is int and 0 < value < 1 << 16)


def _new_cluster_id() -> str:
    """A random id as Kafka makes them: 16 bytes in base64 without padding, no dash in front."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()).startswith("-"):
        pass
    return text
