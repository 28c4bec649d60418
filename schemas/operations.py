"""What workers tell the operator, and what the operator tells workers, on topics of their own."""

from typing import NamedTuple

from partita.schemas.enums import Line, WorkerState


class RefusedLine(NamedTuple):
    """A group of a line that was not taken, because its past is not the receiver's past."""

    sender: str  # name of the machine that sent it
    line: Line  # which copy of it
    receiver: str  # name of the machine that refused it
    offset: int  # of the record, on the receiver's input
    time_ms: int  # log time of the record


class WorkerStatus(NamedTuple):
    """How one partition of one worker is; keyed by service, line and partition.

    Counters are since the worker's start.
    """

    service: str  # ledger or matchers
    line: Line  # which copy of the worker
    partition: int  # of its input
    owner: str  # host and process
    build: str  # build and engine
    state: WorkerState  # what it does
    position: int  # offset that it takes next
    reason: str  # why it is parked, else empty
    parked_sha256: bytes  # SHA-256 of the record it could not go past, else empty
    records: int  # taken
    groups_taken: int  # groups of events taken
    duplicates_dropped: int  # groups that were known already
    gaps_waited: int  # groups that came too early
    lines_refused: int  # groups whose chain disagreed
    dead_letters: int  # records that could not be read
    edges_waiting: int  # edges on which something came too early and nothing since
    machines: int  # machines of the partition
    snapshot_position: int  # oldest position of the newest snapshots of all machines, -1: none
    snapshot_time_ms: int  # log time at that position
    snapshot_bytes: int  # size of the newest snapshots together
    recovery_ms: int  # from being given the partition until it had caught up, -1: not yet
    refused: tuple[RefusedLine, ...]  # lines refused since the last status


class Pass(NamedTuple):
    """The operator's word that a record is not to be applied; keyed by where it is.

    Every line must hear it before it goes past the place.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    topic: str  # where the record is
    partition: int  # where the record is
    offset: int  # where the record is
    sha256: bytes  # SHA-256 of the record
    reason: str  # why, for people
