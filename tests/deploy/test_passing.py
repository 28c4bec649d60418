"""Which records an operator may go past: only where no line has taken them, or may yet."""

import pytest
from operators.views import ANOTHER, OWNER, SHA256, parked_status, status, view

from partita.deploy.operate.lookout import PartitionView
from partita.deploy.operate.passing import PassRefused, check
from partita.deploy.operate.places import Place
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import InvalidValue
from partita.schemas.snapshots import Manifest
from partita.schemas.topics import ORDERS

PLACE = Place(ORDERS, 0, 50)
PARKED = view(parked_status(50))
GONE = view(parked_status(50), None)
B_PARKED = view(parked_status(50, line=Line.B, owner=ANOTHER), ANOTHER)


def snapshot(position: int) -> Manifest:
    """Return the manifest of a snapshot at a position."""
    return Manifest(
        b"", "BTC-USD", Line.B, position, 0, position, 1, 1, b"", b"", "0+abc/new", 1, (), ()
    )


@pytest.mark.parametrize(
    ("lines", "snapshots"),
    [
        ([PARKED], []),
        ([GONE], [snapshot(50)]),  # it holds what is below 50
        ([PARKED, B_PARKED], []),
        ([GONE, B_PARKED._replace(owner=None)], []),
        ([PARKED, view(status(line=Line.B, position=30), None)], []),  # not run any more
    ],
)
def test_a_record_at_which_lines_are_parked_may_be_passed(
    lines: list[PartitionView], snapshots: list[Manifest]
) -> None:
    """Whether their workers wait or have ended."""
    parked = [line for line in lines if line.parked]

    assert parked == check(PLACE, SHA256, lines, snapshots)
    assert parked[:1] == check(PLACE, SHA256, lines, snapshots, Line.A)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([view(status())], r"no line is parked at orders/0/50 \(line A is running, at 50\)"),
        ([view(parked_status(49))], "line A is parked at 49"),
        ([view(None, None)], "line A is no worker, at 0"),
        ([view(parked_status(50, parked_sha256=b"other"))], "the log is not the one"),
    ],
)
def test_a_record_at_which_nothing_is_parked_is_not_passed(
    lines: list[PartitionView], says: str
) -> None:
    """It says where the lines are instead."""
    with pytest.raises(PassRefused, match=says):
        check(PLACE, SHA256, lines, [])


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (status(position=51), "line B has gone past orders/0/50 and is at 51"),
        (status(position=51, state=WorkerState.SILENT), "line B speaks then"),
        (status(position=50), "line B has not come to orders/0/50 yet: it is running"),
        (status(position=20, state=WorkerState.REPLAYING), "it is replaying, at offset 20"),
        (parked_status(40), "line B has not come to orders/0/50 yet: it is parked"),
    ],
)
def test_a_record_that_another_line_has_taken_or_may_take_is_not_passed(
    other: object, says: str
) -> None:
    """The parked line gets it from the other one's snapshot, or both come to the same place."""
    assert isinstance(other, type(status()))
    line = view(other._replace(line=Line.B, owner=ANOTHER), ANOTHER)

    with pytest.raises(PassRefused, match=says):
        check(PLACE, SHA256, [PARKED, line], [])


def test_a_record_that_was_taken_in_another_life_is_not_passed() -> None:
    """What the cluster was told, and snapshots, outlive the worker that had gone past it."""
    with pytest.raises(PassRefused, match="line A has been past orders/0/50 before, at 58"):
        check(PLACE, SHA256, [PARKED._replace(committed=58)], [])
    with pytest.raises(PassRefused, match="line B has gone past"):
        check(PLACE, SHA256, [PARKED, view(status(line=Line.B), None, committed=51)], [])
    with pytest.raises(PassRefused, match="a snapshot of BTC-USD, line B, build 0"):
        check(PLACE, SHA256, [PARKED], [snapshot(40), snapshot(51)])


def test_a_worker_that_has_just_been_started_is_waited_for() -> None:
    """Where the one before it was parked says nothing of where this one is."""
    with pytest.raises(PassRefused, match="it is starting"):
        check(PLACE, SHA256, [view(parked_status(50, owner=ANOTHER), OWNER)], [])


@pytest.mark.parametrize("text", ["orders", "orders/0", "orders/0/-1", "orders/x/1", "/0/1", ""])
def test_a_place_is_topic_partition_and_offset(text: str) -> None:
    """And is typed as it is shown."""
    assert Place("orders", 3, 17) == Place.parse("orders/3/17")
    assert "orders/3/17" == str(Place("orders", 3, 17))
    with pytest.raises(InvalidValue, match="TOPIC/PARTITION/OFFSET"):
        Place.parse(text)
