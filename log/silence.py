"""A line of another build runs silent first: it computes and compares, and says nothing.

It starts from the oldest snapshot that is kept and goes over all the newer ones of other builds:
at each one's position the ends of its edges must be theirs. As the chains of all that was taken and
said are in those ends, agreement there is agreement on every event in between.
"""

from collections.abc import Iterable

from partita.log.core import WorkerCore
from partita.log.recovery import Recovery
from partita.schemas.errors import Diverged
from partita.schemas.snapshots import Manifest


class Silence:
    """One partition that is not spoken for yet."""

    def __init__(self, partition: int, build: str, recovery: Recovery, end: int) -> None:
        """Start at a recovery's offset; the log ended at `end` then."""
        self.next_position = end  # the lowest position at which there is something to compare
        self.caught_up = recovery.offset >= end
        self.compared = 0  # snapshots that agreed
        self.agreed_over = 0  # records from the start to the last place that was compared
        self._partition = partition
        self._build = build
        self._start = recovery.offset
        self._end = end
        self._waiting: list[Manifest] = []  # by position

    def hear(self, manifests: Iterable[Manifest]) -> None:
        """Take in what other builds have found."""
        self._waiting += [m for m in manifests if m.build != self._build]
        self._waiting.sort(key=lambda manifest: manifest.position)
        self._look()

    def _look(self) -> None:
        self.next_position = self._waiting[0].position if self._waiting else 1 << 62

    def compare(self, core: WorkerCore, position: int) -> None:
        """Compare what stands at a position that has just been reached, before it is passed.

        Raises:
            Diverged: this build says something else.
        """
        marks = core.machines(self._partition)
        while self._waiting and self._waiting[0].position <= position:
            found = self._waiting.pop(0)
            mark = marks.get(found.machine)
            # Older ones were passed before they were heard of, or are what this began with.
            if mark is None or found.position < position or found.position <= mark.position:
                continue
            if core.edges_digest(self._partition, found.machine) != found.edges:
                raise Diverged(
                    f"{found.machine} at position {found.position} of partition {self._partition}:"
                    f" this build ({self._build}) has taken or said something else than"
                    f" {found.build}, line {found.line}. It has said nothing. Run the other build,"
                    " or find out which of the two is wrong before a change of rules is listed"
                )
            self.compared += 1
            self.agreed_over = position - self._start
        self._look()

    def passed(self, position: int) -> None:
        """Note how far the partition has been read."""
        self.caught_up = self.caught_up or position >= self._end
