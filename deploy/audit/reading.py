"""One edge as any reader takes it: by number, the first of a number wins, strangers are refused."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from partita.deploy.audit.edges import CHAINS, Edge, Group
from partita.log.edges import EdgeState, InEdge, Verdict
from partita.schemas.converter import Message

START = EdgeState(0, 0)


class Taken(NamedTuple):
    """What was new in a group."""

    first: int  # number of its first event
    events: Sequence[Message]


_NOTHING = Taken(0, ())


class Reading:
    """Reads what stands of one edge, in the order of the log."""

    def __init__(
        self, edge: Edge, at: EdgeState | None = START, wanted: Iterable[int] = ()
    ) -> None:
        """Start behind an event; None: wherever the first group that is read starts.

        `wanted` are the numbers whose chain is noted, once it is known.
        """
        self.chains: dict[int, int] = {}  # by number, of those that are wanted
        self.refused = 0  # groups that are of another past
        self.behind_hole = 0  # the highest number that came while one before it was missing
        self.begun = at
        self._kind = CHAINS[edge.topic]
        self._wanted = sorted(wanted)
        self._in = InEdge(at or START)
        self._note(self._in.number, self._in.chain, (), 0)

    @property
    def end(self) -> EdgeState:
        """The last event that was taken."""
        return self._in.state()

    @property
    def number(self) -> int:
        """The number of the last event that was taken."""
        return self._in.number

    def take(self, group: Group) -> Taken:
        """Judge a group; return what is new in it."""
        if self.begun is None:
            self.begun = EdgeState(group.first - 1, group.chain)
            self._in = InEdge(self.begun)
        before, chain = self._in.state()
        verdict, new = self._in.take(
            self._kind, group.first, group.chain, group.events, group.time_ms
        )
        if verdict is Verdict.REFUSED:
            self.refused += 1
        elif verdict is Verdict.GAP:
            self.behind_hole = max(self.behind_hole, group.last)
        if verdict is not Verdict.TAKEN:
            return _NOTHING
        self._note(before, chain, new, group.time_ms)
        return Taken(before + 1, new)

    def _note(self, before: int, chain: int, new: Sequence[Message], time_ms: int) -> None:
        """Note the chains at the wanted numbers from `before` to the end of what is new."""
        for number in self._wanted:
            if before <= number <= before + len(new):
                part = new[: number - before]
                self.chains[number] = self._kind.roll(chain, part, time_ms)
