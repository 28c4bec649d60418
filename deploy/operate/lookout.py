"""How an exchange is: each partition of each line, from what its workers say and the log holds.

A status is a worker's last word, and that worker may be gone. So it is held against the group's
members: who owns a partition now, and whether the word is theirs.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Self

from partita.deploy.operate.statuses import Said, Statuses
from partita.ledger.service import SERVICE as LEDGER
from partita.log.health import status_key
from partita.log.kafka.admin import Admin, ExchangeShape
from partita.log.service import Service
from partita.matchers.service import SERVICE as MATCHERS
from partita.schemas.enums import Line, WorkerState
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    DEAD_LETTERS,
    ORDERS,
    TICKERS,
)

SERVICES = (LEDGER, MATCHERS)  # in the order of the counts in ExchangeShape
NO_WORKER = "no worker"
STARTING = "starting"  # a worker owns it, and has not said how it is


class PartitionView(NamedTuple):
    """One partition of a worker's input, as one line has it."""

    service: str
    topic: str
    line: Line
    partition: int
    owner: str | None  # None: no worker has it
    said: Said | None  # the last word on it, which may be another worker's
    committed: int  # offset up to which its workers have last told the cluster
    end: int  # offset behind the last record
    newest_ms: int | None  # log time of the newest record, None where there is none

    @property
    def last(self) -> WorkerStatus | None:
        """The last word on it, whoever said it."""
        return None if self.said is None else self.said.status

    @property
    def status(self) -> WorkerStatus | None:
        """The word of the worker that owns it now, None when there is none."""
        return self.last if self.last is not None and self.last.owner == self.owner else None

    @property
    def state(self) -> str:
        """What its worker does: a WorkerState, or NO_WORKER, or STARTING."""
        if self.owner is None:
            return NO_WORKER
        return STARTING if self.status is None else self.status.state

    @property
    def position(self) -> int:
        """The offset that comes next, as of about a second ago."""
        if self.last is None:
            return self.committed
        if self.status is not None and self.state == WorkerState.RUNNING:
            return max(self.last.position, self.committed)
        return self.last.position

    @property
    def reached(self) -> int:
        """The highest offset that this line is known to have been at, in this life or another."""
        return max(self.position, self.committed)

    @property
    def lag(self) -> int:
        """How many records wait."""
        return max(0, self.end - self.position)

    @property
    def parked(self) -> bool:
        """Whether the last word on it is that it is parked.

        A worker whose partitions are all parked says so and goes.
        """
        return self.last is not None and self.last.state is WorkerState.PARKED

    @property
    def snapshot_age_ms(self) -> int | None:
        """Log time from the newest snapshot to the newest record of the input: what is replayed."""
        status = self.status
        if status is None or status.snapshot_position < 0 or self.newest_ms is None:
            return None
        return max(0, self.newest_ms - status.snapshot_time_ms)


class Overview(NamedTuple):
    """How an exchange is."""

    cluster_id: str
    shape: ExchangeShape
    partitions: list[PartitionView]  # by service, line and partition
    records: dict[str, int]  # by topic: the sum of the ends of its partitions

    def lines(self, topic: str, partition: int) -> list[PartitionView]:
        """Return one partition as each line has it."""
        return [v for v in self.partitions if (v.topic, v.partition) == (topic, partition)]

    @property
    def parked(self) -> list[PartitionView]:
        """The partitions that are parked."""
        return [view for view in self.partitions if view.parked]

    @property
    def unserved(self) -> list[tuple[str, int]]:
        """The partitions, by topic and number, that no worker of any line has."""
        served = {(v.topic, v.partition) for v in self.partitions if v.owner is not None}
        return sorted({(v.topic, v.partition) for v in self.partitions} - served)


def standing_still(
    overview: Overview, lines: Collection[Line], *, given_up: bool
) -> list[tuple[str, int]]:
    """Return the partitions, by topic and number, with which none of these lines goes on.

    Where no worker has a partition that was parked, one may be about to take it, unless workers
    were given up.
    """
    views = [view for view in overview.partitions if view.line in lines]
    going_on = {
        (view.topic, view.partition)
        for view in views
        if not view.parked or (view.status is None and (view.owner is not None or not given_up))
    }
    return sorted({(view.topic, view.partition) for view in views} - going_on)


class Lookout:
    """Looks at an exchange, as often as it is asked to; from one thread at a time."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = Admin(bootstrap)
        self._statuses = Statuses(bootstrap)
        self._one_at_a_time = threading.Lock()

    def look(self) -> Overview:
        """Return how it is now.

        Raises:
            LogUnavailable: no broker answers.
            TopicMissing: there is no exchange on this cluster.
            LogError: the cluster does not answer something.
            UnknownFingerprint: a worker of a newer build has said something.
        """
        with self._one_at_a_time:
            admin = self._admin
            shape = admin.shape()
            said = self._statuses.read()
            topics = {
                ACCOUNT_COMMANDS: shape.shards,
                ORDERS: shape.partitions,
                ACCOUNT_EVENTS: shape.shards,
                BOOK: shape.partitions,
                TICKERS: shape.partitions,
                DEAD_LETTERS: 1,
            }
            ends = {topic: admin.sizes(topic, count) for topic, count in topics.items()}
            return Overview(
                cluster_id=admin.cluster_id(),
                shape=shape,
                partitions=[
                    view
                    for service, count in zip(SERVICES, shape, strict=True)
                    for view in self._views(service, count, said, ends[service.topic])
                ],
                records={topic: sum(found.values()) for topic, found in ends.items()},
            )

    def _views(
        self, service: Service, count: int, said: Mapping[bytes, Said], ends: dict[int, int]
    ) -> Iterator[PartitionView]:
        newest = self._admin.newest_ms(service.topic, count)
        for line in Line:
            group = service.group(line)
            owned = self._admin.members(group)
            owners = {p: member for member, partitions in owned.items() for p in partitions}
            keys = [status_key(service.name, line, p) for p in range(count)]
            # A second line that is not run and never was is not shown as missing.
            if not owned and said.keys().isdisjoint(keys) and line is not Line.A:
                continue
            committed = self._admin.positions(group)
            for p in range(count):
                yield PartitionView(
                    service=service.name,
                    topic=service.topic,
                    line=line,
                    partition=p,
                    owner=owners.get(p),
                    said=said.get(keys[p]),
                    committed=max(committed.get(p, 0), 0),
                    end=ends[p],
                    newest_ms=newest[p],
                )

    def close(self) -> None:
        """Let go of the connections."""
        self._statuses.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def look(bootstrap: str) -> Overview:
    """Return how an exchange is now; see Lookout.look."""
    with Lookout(bootstrap) as lookout:
        return lookout.look()
