"""A worker as a process on Kafka: it runs until it is told to stop, or cannot go on.

Crash-only: it may be killed at any instruction, and when it cannot be sure of something it ends
with a code of its own, so that whoever watches it starts it again.
"""

import argparse
import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

from partita.log.build import build
from partita.log.core import Alarm, Parked, WorkerCore
from partita.log.crash_points import crash_points
from partita.log.engines import engine_name
from partita.log.kafka.admin import Admin, ExchangeShape
from partita.log.kafka.connection import KafkaConnection
from partita.log.kafka.settings import owner
from partita.log.role import Role
from partita.log.worker import AllParked, Worker
from partita.schemas.enums import Line
from partita.schemas.errors import (
    DeliveryFailed,
    Diverged,
    InvalidValue,
    LogError,
    LogTruncated,
    SnapshotMissing,
    TopicRecreated,
    UnsafeReplication,
    WrongCleanup,
    WrongPartitions,
)

# How long a poll waits when nothing comes: how late a stop is seen, and a tick is written.
_POLL_S = 0.1
# Positions are committed for monitoring only, so now and then is enough.
_COMMIT_EVERY_S = 1.0
# How long what was sent may take to arrive when a worker ends in order.
_FLUSH_S = 10.0
# How long a planned stop may take over snapshots; without them the next start replays more.
_WRITE_DOWN_S = 15.0
_LOOK_S = 0.01

# The least that a cluster allows unless it was told otherwise.
SESSION_TIMEOUT_MS = 6_000

_LOGGER = logging.getLogger("partita.worker")


class WorkerExit(IntEnum):
    """How a worker's process ends."""

    STOPPED = 0  # it was told to stop
    DELIVERY_UNKNOWN = 10  # start it again: it replays, and what was lost goes out again
    ALL_PARKED = 11  # a machine failed; starting again tries once more, a person should look
    LOG_UNFIT = 12  # no broker, no topics, or a log that is not as it must be
    # From here on starting again does not help: a person must look. Nothing was changed.
    TOPIC_RECREATED = 13  # a topic is not the one that the state came from
    LOG_TRUNCATED = 14  # records that the state needs are gone
    WRONG_CLEANUP = 15  # compaction on an event log
    WRONG_PARTITIONS = 16  # a topic has another number of partitions than the exchange
    UNSAFE_REPLICATION = 17  # acknowledged records could vanish
    SNAPSHOT_MISSING = 18  # no snapshot can be used, and the log does not start at 0
    DIVERGED = 19  # this line says something else than what stands on the log


# The first class that fits gives the code; any other error of the log is LOG_UNFIT.
LOG_EXITS: tuple[tuple[type[LogError], WorkerExit], ...] = (
    (DeliveryFailed, WorkerExit.DELIVERY_UNKNOWN),
    (TopicRecreated, WorkerExit.TOPIC_RECREATED),
    (LogTruncated, WorkerExit.LOG_TRUNCATED),
    (WrongCleanup, WorkerExit.WRONG_CLEANUP),
    (WrongPartitions, WorkerExit.WRONG_PARTITIONS),
    (UnsafeReplication, WorkerExit.UNSAFE_REPLICATION),
    (SnapshotMissing, WorkerExit.SNAPSHOT_MISSING),
    (Diverged, WorkerExit.DIVERGED),
    (LogError, WorkerExit.LOG_UNFIT),
)


class LoggingWatch:
    """Tells the operator by the standard library's logging."""

    def __init__(self, name: str) -> None:
        self._name = name

    def opened(self, partition: int, offset: int) -> None:
        """Tell that a partition is owned."""
        _LOGGER.info("%s owns partition %d, from offset %d", self._name, partition, offset)

    def closed(self, partition: int) -> None:
        """Tell that a partition went to another worker."""
        _LOGGER.info("%s owns partition %d no more", self._name, partition)

    def alarm(self, alarm: Alarm) -> None:
        """Tell what went on beside the rule."""
        _LOGGER.warning("%s %d@%d: %s", self._name, alarm.partition, alarm.offset, alarm.text)

    def parked(self, parked: Parked) -> None:
        """Tell that a partition has stopped."""
        _LOGGER.error("%s PARKED partition %d at offset %d: %s", self._name, *parked)


def log_time_ms() -> int:
    """Return the host's time, to know when a tick is due; no machine ever sees it."""
    return time.time_ns() // 1_000_000


class Service(NamedTuple):
    """A kind of worker."""

    name: str  # its consumer group is partita-NAME, partita-NAME-B for the second line
    topic: str  # its input
    changelog: str  # its machines' snapshots
    engines: Mapping[str, object]  # by name; the first is the default
    core: Callable[[ExchangeShape, Line, str | None], WorkerCore]  # of an engine, by name
    ticks: bool  # whether it writes ticks to its own partitions
    copied_rows_max: int = Role().copied_rows_max  # of a machine that is not forked

    def group(self, line: Line) -> str:
        """Return the consumer group of a line."""
        return f"partita-{self.name}" if line is Line.A else f"partita-{self.name}-{line}"


class Options(NamedTuple):
    """How a worker is to run."""

    line: Line = Line.A
    engine: str | None = None
    session_timeout_ms: int = SESSION_TIMEOUT_MS
    snapshot_every_ms: int = Role().snapshot_every_ms
    trim: bool = True
    trim_behind_ms: int = Role().trim_behind_ms
    agree_over: int = Role().agree_over
    allow_unsafe_replication: bool = False  # the cluster may lose what it has acknowledged


def _role(service: Service, shape: ExchangeShape, options: Options) -> Role:
    return Role(
        service=service.name,
        topic=service.topic,
        changelog=service.changelog,
        line=options.line,
        build=build(engine_name(service.engines, options.engine)),
        owner=owner(),
        shards=shape.shards,
        ticks=service.ticks,
        copied_rows_max=service.copied_rows_max,
        snapshot_every_ms=options.snapshot_every_ms,
        trim=options.trim,
        trim_behind_ms=options.trim_behind_ms,
        agree_over=options.agree_over,
    )


def run(service: Service, bootstrap: str, options: Options) -> WorkerExit:
    """Run one worker until SIGTERM or SIGINT; return how it ended.

    Raises:
        InvalidValue: there is no such engine.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # The machines hold millions of objects and make no cycles; a full collection would walk them
    # all and stop the worker for longer than a trade may take.
    gc.set_threshold(100_000, 50, 1_000)
    name = service.name if options.line is Line.A else f"{service.name}-{options.line}"
    try:
        shape = Admin(bootstrap).check_fitness(
            allow_unsafe_replication=options.allow_unsafe_replication
        )
        core = service.core(shape, options.line, options.engine)
        connection = KafkaConnection(
            bootstrap,
            service.topic,
            service.group(options.line),
            options.session_timeout_ms,
            [service.group(line) for line in Line if line is not options.line],
        )
        try:
            role, reached = _role(service, shape, options), crash_points()
            watch = LoggingWatch(name)
            try:
                worker = Worker(connection, core, watch, log_time_ms, role, reached)
                _loop(worker, connection, stop)
                _write_down(worker, connection)
            except (AllParked, Diverged):
                # What good records said before the bad one must not be lost at each restart.
                connection.flush(_FLUSH_S)
                raise
            connection.flush(_FLUSH_S)
        finally:
            connection.close()
    except AllParked as error:
        _LOGGER.error("%s: %s", name, error)  # noqa: TRY400 - the text says it all
        return WorkerExit.ALL_PARKED
    except LogError as error:
        _LOGGER.error("%s: %s", name, error)  # noqa: TRY400 - as above
        return next(code for kind, code in LOG_EXITS if isinstance(error, kind))
    return WorkerExit.STOPPED


def _loop(worker: Worker, connection: KafkaConnection, stop: threading.Event) -> None:
    commit_at, committed = time.monotonic(), dict[int, int]()
    while not stop.is_set():
        worker.step(_POLL_S)
        if time.monotonic() >= commit_at and worker.positions != committed:
            commit_at, committed = time.monotonic() + _COMMIT_EVERY_S, dict(worker.positions)
            connection.commit(committed)


def _write_down(worker: Worker, connection: KafkaConnection) -> None:
    """Before a planned stop: write snapshots, as far as they come in time."""
    deadline_s = time.monotonic() + _WRITE_DOWN_S

    def settled() -> bool:
        while worker.unwritten():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_LOOK_S)
            connection.serve()
        return True

    # What is under way already is older, and a machine is written down once at a time.
    if settled():
        worker.write_down()
        settled()


def main(service: Service) -> int:
    """Run a worker from the command line: `python -m partita.NAME --bootstrap ADDRESS`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m partita.{service.name}", description=f"Run one {service.name} worker."
    )
    parser.add_argument("--bootstrap", required=True, help="a Kafka broker, HOST:PORT")
    parser.add_argument("--line", choices=[*Line], type=Line, default=Line.A)
    parser.add_argument("--engine", help="name of the engine")
    parser.add_argument(
        "--session-timeout-ms",
        type=int,
        default=SESSION_TIMEOUT_MS,
        help="how long the partitions of a killed worker wait for another one",
    )
    parser.add_argument(
        "--snapshot-every-ms",
        type=int,
        default=Options().snapshot_every_ms,
        help="log time between two snapshots of a machine",
    )
    parser.add_argument(
        "--no-trim", dest="trim", action="store_false", help="keep the inputs from offset 0 on"
    )
    parser.add_argument(
        "--trim-behind-ms",
        type=int,
        default=Options().trim_behind_ms,
        help="log time by which trimming stays behind: another line must come up in it",
    )
    parser.add_argument(
        "--agree-over",
        type=int,
        default=Options().agree_over,
        help="records over which another build must agree before it speaks",
    )
    parser.add_argument(
        "--allow-unsafe-replication",
        action="store_true",
        help="run on a cluster that may lose acknowledged records",
    )
    given = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return run(service, given.pop("bootstrap"), Options(**given))
    except InvalidValue as error:
        parser.error(str(error))
