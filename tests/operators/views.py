"""Partitions and lines as an operator sees them, made up field by field."""

from typing import Any

from partita.deploy.operate.lookout import Overview, PartitionView
from partita.deploy.operate.statuses import Said
from partita.log.kafka.fitness import ExchangeShape
from partita.schemas.enums import Line, WorkerState
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import ORDERS

OWNER, ANOTHER = "host pid 1", "host pid 2"
SHA256 = bytes(range(32))


def status(**fields: Any) -> WorkerStatus:
    """Return what a healthy matcher says of partition 0 at offset 50, but for these fields."""
    return WorkerStatus(
        service="matchers",
        line=Line.A,
        partition=0,
        owner=OWNER,
        build="0+abc/reference",
        state=WorkerState.RUNNING,
        position=50,
        reason="",
        parked_sha256=b"",
        records=10,
        groups_taken=9,
        duplicates_dropped=8,
        gaps_waited=7,
        lines_refused=6,
        dead_letters=5,
        edges_waiting=4,
        machines=3,
        snapshot_position=40,
        snapshot_time_ms=900_000,
        snapshot_bytes=2_048,
        recovery_ms=1_500,
        refused=(),
    )._replace(**fields)


def parked_status(position: int, **fields: Any) -> WorkerStatus:
    """Return what a matcher says that is parked at an offset."""
    said = status(state=WorkerState.PARKED, position=position, reason="it fails")
    return said._replace(parked_sha256=SHA256)._replace(**fields)


def view(last: WorkerStatus | None, owner: str | None = OWNER, **fields: Any) -> PartitionView:
    """Return partition 0 of `orders` with 60 records, with this last word on it."""
    return PartitionView(
        service="matchers",
        topic=ORDERS,
        line=Line.A if last is None else last.line,
        partition=0,
        owner=owner,
        said=None if last is None else Said(last, 1_000_000),
        committed=0,
        end=60,
        newest_ms=903_500,
    )._replace(**fields)


def overview(*views: PartitionView) -> Overview:
    """Return an exchange of one shard and one partition with these views."""
    return Overview("cluster", ExchangeShape(1, 1), list(views), {ORDERS: 60})
