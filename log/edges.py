"""Edges: how events between two machines are numbered by the one and taken by the other.

The sender numbers the events of an edge 1, 2, 3, ... and keeps a running hash over them, the chain.
The receiver takes the next number, drops what it has, waits at a gap, and refuses a line whose
chain is not its own. Both ends are part of their machine's state; there is nothing else to exactly
once.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from partita.schemas.chain import CHAIN_MAX, Chain

Event = TypeVar("Event")


class EdgeState(NamedTuple):
    """An end of an edge as a value."""

    number: int  # of the last event, 0 before the first
    chain: int  # over all events so far

    @classmethod
    def checked(cls, number: int, chain: int) -> "EdgeState":
        """Return the end that a snapshot has. Raises ValueError: no edge has such a one."""
        if number < 0 or not 0 <= chain <= CHAIN_MAX:
            raise ValueError("an edge has a number from 0 and a chain of 32 bits")
        return cls(number, chain)


class Verdict(Enum):
    """What a receiver makes of a group."""

    TAKEN = auto()  # some or all of its events are new
    DUPLICATE = auto()  # it has them all
    GAP = auto()  # events before it are missing; the edge waits for them
    REFUSED = auto()  # its past is not the receiver's past: that line has diverged


class OutEdge:
    """The sender's end."""

    __slots__ = ("chain", "number")

    def __init__(self, state: EdgeState = EdgeState(0, 0)) -> None:  # noqa: B008 - immutable
        self.number, self.chain = state

    def put(self, kind: Chain, event: object, time_ms: int = 0) -> EdgeState:
        """Number an event; return the state before it."""
        before = EdgeState(self.number, self.chain)
        self.number += 1
        self.chain = kind.roll(self.chain, (event,), time_ms)
        return before

    def state(self) -> EdgeState:
        """Return this end as a value."""
        return EdgeState(self.number, self.chain)


class InEdge:
    """The receiver's end."""

    __slots__ = ("chain", "number")

    def __init__(self, state: EdgeState = EdgeState(0, 0)) -> None:  # noqa: B008 - immutable
        self.number, self.chain = state

    def take(
        self, kind: Chain, first: int, chain: int, events: Sequence[Event], time_ms: int = 0
    ) -> tuple[Verdict, Sequence[Event]]:
        """Judge a group that starts at number `first` after `chain`; return what is new in it.

        The events returned count as taken: the caller must apply them all.
        """
        known = self.number - first + 1  # how many of its events came before
        if known < 0:
            return Verdict.GAP, ()
        if known > len(events):
            return Verdict.DUPLICATE, ()
        if kind.roll(chain, events[:known], time_ms) != self.chain:
            return Verdict.REFUSED, ()
        if known == len(events):
            return Verdict.DUPLICATE, ()
        new = events[known:]
        self.number += len(new)
        self.chain = kind.roll(self.chain, new, time_ms)
        return Verdict.TAKEN, new

    def state(self) -> EdgeState:
        """Return this end as a value."""
        return EdgeState(self.number, self.chain)
