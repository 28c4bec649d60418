"""A line of another build runs silent first: it computes and compares, and says nothing.

It starts from the oldest snapshot that is kept and goes over all the newer ones of other builds:
at each one's position the ends of its edges must be theirs. As the chains of all that was taken and
said are in those ends, agreement there is agreement on every event in between. A snapshot is heard
of after its place was passed, so the ends at the places where one is due are kept for a while.
"""

from collections import OrderedDict
from collections.abc import Iterable

from partita.log.cadence import Cadence
from partita.log.core import WorkerCore
from partita.log.recovery import Recovery
from partita.schemas.errors import Diverged
from partita.schemas.snapshots import Manifest

# Places whose ends are kept: a hundred machines over ten periods.
_KEPT_MAX = 1_000


class Silence:
    """One partition that is not spoken for yet."""

    def __init__(
        self, partition: int, build: str, recovery: Recovery, end: int, cadence: Cadence
    ) -> None:
        """Start at a recovery's offset; the log ended at `end` then."""
        self.caught_up = recovery.offset >= end
        self.compared = 0  # snapshots that agreed
        self.agreed_over = 0  # records over which every machine has agreed
        self._partition = partition
        self._build = build
        self._agreed: dict[str, int] = {}  # by machine: the last position that was compared
        self._end = end
        self._cadence = cadence
        self._time_ms = recovery.time_ms
        self._due_ms = recovery.time_ms
        self._waiting: dict[tuple[str, int], Manifest] = {}  # places not reached yet
        self._ends: OrderedDict[tuple[str, int], bytes] = OrderedDict()  # of places passed

    def hear(self, manifests: Iterable[Manifest]) -> None:
        """Take in what other builds have found.

        Raises:
            Diverged: this build says something else.
        """
        for manifest in manifests:
            place = manifest.machine, manifest.position
            if manifest.build == self._build:
                continue
            if place in self._ends:
                self._compare(manifest, self._ends[place])
            else:
                self._waiting[place] = manifest

    def is_due(self, offset: int, time_ms: int) -> bool:
        """Return whether something is to be kept or compared before a record is applied."""
        if time_ms >= self._due_ms or any(at <= offset for _, at in self._waiting):
            return True
        self._time_ms = max(self._time_ms, time_ms)
        return False

    def look(self, core: WorkerCore, offset: int, time_ms: int) -> None:
        """Keep and compare, before the record at this offset and log time is applied.

        Raises:
            Diverged: this build says something else.
        """
        marks = core.machines(self._partition)
        after_ms, self._time_ms = self._time_ms, max(self._time_ms, time_ms)
        for machine in self._cadence.due(marks, after_ms, self._time_ms):
            if marks[machine].position <= offset:  # else it stands further on already
                self._ends[machine, offset] = core.edges_digest(self._partition, machine)
        while len(self._ends) > _KEPT_MAX:
            self._ends.popitem(last=False)
        self._due_ms = self._cadence.next_ms(marks, self._time_ms)
        for place in [place for place in self._waiting if place[1] <= offset]:
            manifest = self._waiting.pop(place)
            mark = marks.get(manifest.machine)
            # One that was passed unkept, or that this began with, tells nothing.
            if mark is not None and mark.position < manifest.position == offset:
                self._compare(manifest, core.edges_digest(self._partition, manifest.machine))

    def _compare(self, found: Manifest, edges: bytes) -> None:
        if edges != found.edges:
            raise Diverged(
                f"{found.machine} at position {found.position} of partition {self._partition}:"
                f" this build ({self._build}) has taken or said something else than"
                f" {found.build}, line {found.line}. It has said nothing. Run the other build,"
                " find out which of the two is wrong, or take this one's word by --agree-over 0"
            )
        self.compared += 1
        self._agreed[found.machine] = max(found.position, self._agreed.get(found.machine, 0))

    def passed(self, position: int, core: WorkerCore) -> None:
        """Note how far the partition has been read, and over how much all have agreed by now."""
        self.caught_up = self.caught_up or position >= self._end
        marks = core.machines(self._partition)
        over = (
            self._agreed.get(name, 0) - max(mark.position, mark.first_offset)
            for name, mark in marks.items()
        )
        self.agreed_over = min(over, default=0)
