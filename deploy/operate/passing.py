"""Going past one record by the operator's word: whether it may be, the word itself, and its effect.

Every line skips the record from then on, at each replay too. So a record that some line has taken
must not be passed: the others would have another past.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from partita.deploy.operate.lookout import NO_WORKER, SERVICES, STARTING, Lookout, PartitionView
from partita.deploy.operate.places import Place
from partita.log.changelog import Changelog
from partita.log.kafka.past import PastReader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import InvalidValue, PartitaError, Unreadable
from partita.schemas.operations import Pass
from partita.schemas.snapshots import Manifest
from partita.schemas.topics import PASSES

WAIT_S = 30
_FLUSH_S = 30.0
_LOOK_EVERY_S = 0.3


class PassRefused(PartitaError):
    """Going past the record would do harm, or no good; nothing was written."""


class PassUnheard(PartitaError):
    """The word is on the log, and the partition has not gone past the record yet."""


def record_at(bootstrap: str, place: Place) -> Record:
    """Return the record at a place of a worker's input.

    Raises:
        InvalidValue: there is none.
        LogError: the log does not answer.
    """
    reader = PastReader(bootstrap, place.topic)
    try:
        start, end = reader.bounds(place.partition)
        if place.offset < start:
            rule = (
                f"{place.topic}/{place.partition} begins at offset {start}: a snapshot stands"
                " behind this place. End the worker that is parked there; it begins there then"
            )
            raise InvalidValue("place", str(place), rule)
        if place.offset >= end:
            rule = f"{place.topic}/{place.partition} ends at offset {end}; see `partita parked`"
            raise InvalidValue("place", str(place), rule)
        wanted = reader.between(
            {place.partition: place.offset}, {place.partition: place.offset + 1}
        )
        found = [record for records in wanted for record in records]
    finally:
        reader.close()
    if [place.offset] != [record.offset for record in found]:
        raise InvalidValue("place", str(place), "there is no record at this offset")
    return found[0]


def passes(bootstrap: str) -> dict[Place, Pass]:
    """Return the words that stand on the log. Raises LogError when it does not answer."""
    reader = PastReader(bootstrap, PASSES)
    found: dict[Place, Pass] = {}
    try:
        for record in reader.records(0):
            try:
                message = decode(record.value)
            except Unreadable:
                continue  # as the workers do: a tombstone takes nothing back
            if isinstance(message, Pass):
                found[Place(message.topic, message.partition, message.offset)] = message
    finally:
        reader.close()
    return found


def manifests(bootstrap: str, place: Place) -> list[Manifest]:
    """Return the snapshots of a partition's machines that stand on the log, of all lines."""
    changelog = next(s.changelog for s in SERVICES if s.topic == place.topic)
    reader = PastReader(bootstrap, changelog)
    try:
        return list(Changelog(reader.records(place.partition)).manifests.values())
    finally:
        reader.close()


def parked_there(place: Place, lines: Iterable[PartitionView]) -> list[PartitionView]:
    """Return the lines whose last word is that they are parked at a place."""
    return [view for view in lines if view.parked and view.position == place.offset]


def check(
    place: Place,
    sha256: bytes,
    lines: Sequence[PartitionView],
    snapshots: Iterable[Manifest],
    wanted: Line | None = None,
) -> list[PartitionView]:
    """Return the lines that are parked at a place and may go past it.

    `lines` are those of the partition, `snapshots` those of its machines; `wanted` is the line that
    must be parked there, any if None.

    Raises:
        PassRefused: none is, or another line has taken the record, or is about to.
    """
    stuck = [v for v in parked_there(place, lines) if wanted is None or v.line is wanted]
    if not stuck:
        raise PassRefused(_not_parked(place, lines, wanted))
    for view in stuck:
        if view.last is not None and view.last.parked_sha256 != sha256:
            raise PassRefused(
                f"line {view.line} is parked at {place} by a record with the SHA-256"
                f" {view.last.parked_sha256.hex()}, and the one that stands there has"
                f" {sha256.hex()}: the log is not the one that it read. Nothing was written"
            )
    again = " and ".join(f"line {view.line}'s worker ({_worker(view)})" for view in stuck)
    for view in lines:
        if view.reached > place.offset:
            raise PassRefused(_taken(place, view, again))
    for manifest in snapshots:
        if manifest.position > place.offset:
            raise PassRefused(
                f"{place} has been taken: a snapshot of {manifest.machine}, line {manifest.line},"
                f" build {manifest.build}, stands at {manifest.position}. Going past it would make"
                f" lines differ. Nothing was written. End {again}: started again it begins there,"
                " if its build can read that snapshot"
            )
    for view in lines:
        # One that has just been started may be anywhere, whatever the one before it has said.
        settled = view in parked_there(place, lines) and view.state != STARTING
        if not settled and view.owner is not None:
            raise PassRefused(
                f"line {view.line} has not come to {place} yet: it is {view.state}, at offset"
                f" {view.position}. It could take the record before it hears of this. Nothing was"
                " written. Wait until it is parked there too, or past it, or end it"
            )
    return stuck


def _worker(view: PartitionView) -> str:
    return view.owner or NO_WORKER


def _not_parked(place: Place, lines: Sequence[PartitionView], wanted: Line | None) -> str:
    how = [
        f"line {view.line} is "
        + (f"parked at {view.position}" if view.parked else f"{view.state}, at {view.position}")
        for view in lines
        if wanted in (None, view.line)
    ] or [f"there is no line {wanted}"]
    which = "no line is" if wanted is None else f"line {wanted} is not"
    return (
        f"{which} parked at {place} ({'; '.join(how)}), and only a record at which a partition is"
        " parked may be passed. Nothing was written. See `partita parked`"
    )


def _taken(place: Place, view: PartitionView, again: str) -> str:
    if view.state == WorkerState.SILENT:
        return (
            f"line {view.line} (build {'' if view.last is None else view.last.build}) has gone past"
            f" {place}, and runs silent while another line speaks. Nothing was written. End"
            f" {again} for good: line {view.line} speaks then"
        )
    if view.parked:
        return (
            f"line {view.line} has been past {place} before, at {view.reached}: it took the record"
            " then, and going past it now would give it another past. Nothing was written. What"
            f" fails is something else, as memory or another build: put that right, end {again},"
            " and start it again"
        )
    return (
        f"line {view.line} has gone past {place} and is at {view.reached}: passing it would make"
        f" the lines differ. Nothing was written. End {again}: started again it begins at a"
        f" snapshot of line {view.line}, which is behind that place within the time that"
        " --snapshot-every-ms gives"
    )


def write(bootstrap: str, place: Place, sha256: bytes, reason: str) -> None:
    """Write the operator's word, and wait until the log has it.

    Raises:
        DeliveryFailed: it may not be there; do it again.
    """
    word = Pass(b"", *place, sha256, reason)
    sender = Sender(bootstrap)
    sender.send(Outgoing(PASSES, 0, str(place).encode(), encode(word)))
    sender.flush(_FLUSH_S)


def wait_past(
    lookout: Lookout,
    place: Place,
    stuck: Iterable[PartitionView],
    wait_s: float,
    tell: Callable[[str], None],
) -> list[PartitionView]:
    """Wait until lines that were parked at a place are past it; return how they are then.

    Raises:
        PassUnheard: they are not, in time.
        LogError: the log does not answer.
    """
    lines = {view.line for view in stuck}
    deadline_s = time.monotonic() + wait_s
    told: dict[Line, str] = {}
    while True:
        views = [v for v in lookout.look().lines(place.topic, place.partition) if v.line in lines]
        left = [view for view in views if view.position <= place.offset]
        if not left:
            return views
        for view in left:
            how = f"line {view.line}: {view.state}, at {view.position}"
            if told.get(view.line) != how:
                told[view.line] = how
                tell(how)
        if time.monotonic() > deadline_s:
            raise PassUnheard(
                f"the word is on the log, and in {wait_s:g} s {'; '.join(told.values())}. Look with"
                " `partita parked`; where no worker has the partition, start one"
            )
        time.sleep(_LOOK_EVERY_S)
