"""The market-data worker on Kafka: keeps the replicas, and writes what is derived from them.

It may be killed at any instruction, and two may run on one partition: what they say again has the
same numbers.
"""

import gc
import logging
import signal
import threading
import time
from typing import NamedTuple

from partita.log.kafka.admin import Admin
from partita.log.kafka.connection import KafkaConnection
from partita.log.service import LOG_EXITS, SESSION_TIMEOUT_MS, WorkerExit
from partita.marketdata.recovery import recover
from partita.marketdata.snapshot_turns import SnapshotTurns, Way
from partita.marketdata.worker_core import WorkerCore
from partita.schemas.errors import LogError, UnknownFingerprint
from partita.schemas.topics import BOOK, BOOK_SNAPSHOTS

GROUP = "partita-marketdata"

_POLL_S = 0.05  # how long a poll waits when nothing comes: how late a stop or a snapshot may be
_BUSY_S = 0.002  # while a snapshot is being written
_COMMIT_EVERY_S = 1.0  # for monitoring only
_FLUSH_S = 10.0

_LOGGER = logging.getLogger("partita.worker")


class Options(NamedTuple):
    """How a worker is to run."""

    session_timeout_ms: int = SESSION_TIMEOUT_MS
    # How far behind a reader may start: it reads what was said in so long, whatever came before.
    snapshot_every_ms: int = 2_000
    allow_unsafe_replication: bool = False


class Worker:
    """One worker's partitions."""

    def __init__(self, connection: KafkaConnection, snapshot_every_s: float) -> None:
        self._connection = connection
        self._every_s = snapshot_every_s
        self._core = WorkerCore()
        self._owned: dict[int, int] = {}
        self._turns: dict[int, SnapshotTurns] = {}
        self._way = Way(connection.send, connection.barrier, connection.passed)
        self._busy = False

    def step(self, timeout_s: float) -> None:
        """Wait for records at most so long; apply what is there, and see to the snapshots.

        Raises:
            LogError: the log is not as it must be, or something may not have arrived.
            UnknownFingerprint: a record is of a newer build.
        """
        records = self._connection.poll(_BUSY_S if self._busy else timeout_s)
        self._follow_ownership()
        for outgoing in self._core.apply([r for r in records if r.partition in self._owned]):
            self._connection.send(outgoing)
        self._connection.serve()
        self._busy = sum(turns.step() for turns in self._turns.values()) > 0

    def _follow_ownership(self) -> None:
        owned = dict(self._connection.owned())
        for partition in [p for p, at in self._owned.items() if owned.get(p) != at]:
            self._core.close(partition)
            del self._owned[partition], self._turns[partition]
            _LOGGER.info("marketdata owns partition %d no more", partition)
        for partition in [p for p in owned if p not in self._owned]:
            self._open(partition)
            self._owned[partition] = owned[partition]

    def _open(self, partition: int) -> None:
        records = self._connection.read(BOOK_SNAPSHOTS, partition)
        found, starts, offset = recover(partition, records, self._connection.bounds(partition))
        self._core.open(partition, starts, offset)
        self._turns[partition] = SnapshotTurns(
            self._core.partitions[partition], found, self._way, self._every_s, time.monotonic
        )
        self._connection.seek(partition, offset)
        _LOGGER.info(
            "marketdata owns partition %d, from offset %d, %d snapshots",
            *(partition, offset, len(starts)),
        )

    @property
    def positions(self) -> dict[int, int]:
        """By partition, the offset of the record that comes next."""
        return {p: partition.position for p, partition in self._core.partitions.items()}


def run(bootstrap: str, options: Options) -> WorkerExit:
    """Run one worker until SIGTERM or SIGINT; return how it ended."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # The replicas hold millions of objects and make no cycles; see log/service.py.
    gc.set_threshold(100_000, 50, 1_000)
    try:
        Admin(bootstrap).check_fitness(allow_unsafe_replication=options.allow_unsafe_replication)
        connection = KafkaConnection(bootstrap, BOOK, GROUP, options.session_timeout_ms)
        try:
            _loop(Worker(connection, options.snapshot_every_ms / 1_000), connection, stop)
            connection.flush(_FLUSH_S)
        finally:
            connection.close()
    except LogError as error:
        _LOGGER.error("marketdata: %s", error)  # noqa: TRY400 - the text says it all
        return next(code for kind, code in LOG_EXITS if isinstance(error, kind))
    except UnknownFingerprint as error:
        _LOGGER.error("marketdata: %s", error)  # noqa: TRY400 - as above
        return WorkerExit.LOG_UNFIT
    return WorkerExit.STOPPED


def _loop(worker: Worker, connection: KafkaConnection, stop: threading.Event) -> None:
    commit_at, committed = time.monotonic(), dict[int, int]()
    while not stop.is_set():
        worker.step(_POLL_S)
        if time.monotonic() >= commit_at and worker.positions != committed:
            commit_at, committed = time.monotonic() + _COMMIT_EVERY_S, dict(worker.positions)
            connection.commit(committed)
