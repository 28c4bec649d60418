"""The last word of each worker on each of its partitions, from the topic of their statuses."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.errors import LogError, Undecodable
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import WORKER_STATUS

_LOGGER = logging.getLogger("partita.deploy")


class Said(NamedTuple):
    """A status, and when it was said."""

    status: WorkerStatus
    time_ms: int  # log time


class Statuses:
    """Keeps the newest status of each key, and reads on where it was."""

    def __init__(self, bootstrap: str) -> None:
        self._reader = PastReader(bootstrap, WORKER_STATUS)
        self._said: dict[bytes, Said] = {}
        self._next_offset = 0

    def read(self) -> Mapping[bytes, Said]:
        """Return the newest of each key (see partita.log.health.status_key) as of now.

        Raises:
            LogUnavailable: no broker answers.
            LogError: the topic cannot be read.
            UnknownFingerprint: a worker of a newer build has said something.
        """
        try:
            start, end = self._reader.bounds(0)
            start = max(start, self._next_offset)
            for records in self._reader.between({0: start}, {0: end}):
                for record in records:
                    self._take(record)
        except LogError:
            self._said, self._next_offset = {}, 0  # whoever asks again begins anew
            raise
        self._next_offset = end
        return self._said

    def _take(self, record: Record) -> None:
        key = record.key or b""
        if not record.value:  # somebody has taken it back; a worker that lives says it again
            self._said.pop(key, None)
            return
        try:
            status = decode(record.value)
        except Undecodable as error:
            _LOGGER.warning("%s/0/%d is no status: %s", WORKER_STATUS, record.offset, error)
            return
        if isinstance(status, WorkerStatus):
            self._said[key] = Said(status, record.time_ms)

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()
