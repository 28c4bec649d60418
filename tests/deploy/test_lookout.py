"""How a partition is, judged from its workers' last words and from who owns it."""

import pytest
from operators.views import ANOTHER, OWNER, overview, parked_status, status, view

from partita.deploy.operate.lookout import NO_WORKER, STARTING, standing_still
from partita.schemas.enums import Line, WorkerState
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import ORDERS


@pytest.mark.parametrize(
    ("last", "owner", "state", "parked"),
    [
        (status(), OWNER, WorkerState.RUNNING, False),
        (status(state=WorkerState.SILENT), OWNER, WorkerState.SILENT, False),
        (parked_status(50), OWNER, WorkerState.PARKED, True),
        (status(), None, NO_WORKER, False),
        (None, None, NO_WORKER, False),
        (parked_status(50), None, NO_WORKER, True),
        (status(), ANOTHER, STARTING, False),
        (None, ANOTHER, STARTING, False),
        (parked_status(50), ANOTHER, STARTING, True),
    ],
)
def test_a_last_word_counts_for_the_worker_that_said_it(
    last: WorkerStatus | None, owner: str | None, state: str, parked: bool
) -> None:
    """What a worker that is gone did is told of nobody; that it was parked is not forgotten."""
    seen = view(last, owner)

    assert (state, parked) == (seen.state, seen.parked)
    assert (seen.status is not None) == (last is not None and last.owner == owner)


@pytest.mark.parametrize(
    ("last", "owner", "committed", "position"),
    [
        (status(), OWNER, 55, 55),  # it has gone on since its last word
        (status(), OWNER, 45, 50),
        (status(state=WorkerState.REPLAYING), OWNER, 55, 50),  # that was in another life
        (parked_status(50), OWNER, 55, 50),
        (status(), None, 55, 50),
        (None, ANOTHER, 55, 55),
    ],
)
def test_a_position_is_of_this_life(
    last: WorkerStatus | None, owner: str | None, committed: int, position: int
) -> None:
    """What was told to the cluster before a restart is where the line has been, not where it is."""
    seen = view(last, owner, committed=committed)

    assert (position, 60 - position) == (seen.position, seen.lag)
    assert max(position, committed) == seen.reached


def test_a_snapshots_age_is_log_time() -> None:
    """From the snapshot to the newest record of the input; the host's clock is not asked."""
    assert 3_500 == view(status()).snapshot_age_ms
    assert 0 == view(status(), newest_ms=899_000).snapshot_age_ms
    assert None is view(status(snapshot_position=-1)).snapshot_age_ms
    assert None is view(status(), newest_ms=None).snapshot_age_ms
    assert None is view(status(), ANOTHER).snapshot_age_ms


def test_a_partition_is_served_by_any_line() -> None:
    """One without a worker of either is what needs a person."""
    a, b = view(status()), view(status(line=Line.B))

    assert [] == overview(a, b._replace(owner=None)).unserved
    assert [(ORDERS, 0)] == overview(a._replace(owner=None), b._replace(owner=None)).unserved


def test_a_partition_stands_still_when_no_line_goes_on_with_it() -> None:
    """A worker that was not given up, or has not said how it is, may go past the place yet."""
    a, gone = view(parked_status(50)), view(parked_status(50), None)
    b = view(status(line=Line.B, owner=ANOTHER), ANOTHER)
    still = [(ORDERS, 0)]

    assert [] == standing_still(overview(view(status())), [Line.A], given_up=True)
    assert still == standing_still(overview(a), [Line.A], given_up=False)
    assert [] == standing_still(overview(a, b), list(Line), given_up=False)
    assert still == standing_still(overview(a, b), [Line.A], given_up=False)
    assert [] == standing_still(overview(gone), [Line.A], given_up=False)
    assert still == standing_still(overview(gone), [Line.A], given_up=True)
    started = view(parked_status(50), ANOTHER)
    assert [] == standing_still(overview(started), [Line.A], given_up=True)
