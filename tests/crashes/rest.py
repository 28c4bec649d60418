"""Waiting until an exchange is at rest, and what its workers say of themselves then."""

import time

from partita.ledger.service import SERVICE as LEDGER
from partita.log.kafka.admin import Admin
from partita.log.kafka.around import Around
from partita.matchers.service import SERVICE as MATCHERS
from partita.schemas.codec import decode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import LogError
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import DEAD_LETTERS, WORKER_STATUS

_PATIENCE_S = 120.0
_LOOK_EVERY_S = 0.2
# What workers say of their positions is about a second old.
_STILL = 5  # looks at which nothing has moved


def drain(bootstrap: str, lines: int) -> None:
    """Wait until every line's workers have taken all there is, and nothing more comes.

    Raises:
        AssertionError: it never comes to rest.
    """
    admin = Admin(bootstrap)
    shape = admin.shape()
    deadline_s, still, before = time.monotonic() + _PATIENCE_S, 0, None
    lag: dict[str, int] = {}
    while still < _STILL:
        assert time.monotonic() < deadline_s, f"it never comes to rest; behind by: {lag}"
        time.sleep(_LOOK_EVERY_S)
        ends = {
            service.name: admin.sizes(service.topic, count)
            for service, count in ((LEDGER, shape.shards), (MATCHERS, shape.partitions))
        }
        lag = {}
        for service in (LEDGER, MATCHERS):
            for line in list(Line)[:lines]:
                try:
                    positions = admin.positions(service.group(line))
                except LogError:
                    positions = {}  # its coordinator is coming up
                for partition, end in ends[service.name].items():
                    if positions.get(partition, 0) != end:
                        lag[f"{service.name} {line}/{partition}"] = end - positions.get(
                            partition, 0
                        )
        still = still + 1 if not lag and ends == before else 0
        before = ends


def complaints(bootstrap: str) -> list[str]:
    """Return what workers have against each other or the log, and dead letters."""
    around = Around(bootstrap)
    found = []
    for record in around.read(WORKER_STATUS, 0):
        status = decode(record.value)
        assert isinstance(status, WorkerStatus), "the topic holds only these"
        who = f"{status.service} {status.line}, partition {status.partition}"
        if status.state not in {WorkerState.RUNNING, WorkerState.REPLAYING}:
            found.append(f"{who} is {status.state}: {status.reason}")
        if status.lines_refused or status.dead_letters or status.edges_waiting:
            found.append(
                f"{who}: {status.lines_refused} groups refused, {status.dead_letters} dead letters,"
                f" {status.edges_waiting} edges wait"
            )
    found += [f"dead letter {record.key!r}" for record in around.read(DEAD_LETTERS, 0)]
    around.close()
    return found
