"""Ways to break the exactly-once machinery on purpose; the simulation must find each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from simulation.broken_lines import BROKEN_LINES
from simulation.broken_snapshots import BROKEN_SNAPSHOTS

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import settle
from partita.ledger.reference.ledger import Ledger
from partita.ledger.reference.shard import ReferenceShard
from partita.log.edges import Event, InEdge, Verdict
from partita.log.outbox import Outbox
from partita.matchers.machine import BookMachine
from partita.matchers.reference.order import Order
from partita.matchers.reference.side import BookSide
from partita.schemas import reports
from partita.schemas.accounts import AccountEvent
from partita.schemas.chain import Chain
from partita.schemas.commands import Command, Transfer
from partita.schemas.orders import OrderGroup

# ruff: noqa: SLF001 - breaking the inside is the point

Patch = pytest.MonkeyPatch
Breakage = Callable[[Patch], None]


@contextmanager
def broken(breakage: Breakage) -> Iterator[None]:
    """Let the code be broken in one way."""
    with pytest.MonkeyPatch.context() as patch:
        breakage(patch)
        yield


def _edge_takes(new: Callable[[int, int], int], *, chained: bool = True) -> Callable[..., object]:
    """Return InEdge.take with another rule for where the new events of a group start.

    The rule gets how many of the events came before and how many there are; -1 takes nothing.
    """

    def take(
        self: InEdge,
        kind: Chain,
        first: int,
        chain: int,
        events: Sequence[Event],
        time_ms: int = 0,
    ) -> tuple[Verdict, Sequence[Event]]:
        known = self.number - first + 1
        start = new(known, len(events))
        if start < 0 or start >= len(events):
            return Verdict.DUPLICATE, ()
        if chained and known > 0 and kind.roll(chain, events[:known], time_ms) != self.chain:
            return Verdict.REFUSED, ()
        self.number = max(self.number, first + len(events) - 1)
        self.chain = kind.roll(chain, events, time_ms)
        return Verdict.TAKEN, events[start:]

    return take


def no_duplicate_check(patch: Patch) -> None:
    """An edge takes what it already has."""
    takes = _edge_takes(lambda known, _: -1 if known < 0 else 0, chained=False)
    patch.setattr(InEdge, "take", takes)


def no_gap_check(patch: Patch) -> None:
    """An edge takes what comes too early, and so loses what was missing."""
    patch.setattr(InEdge, "take", _edge_takes(lambda known, _: max(known, 0)))


def no_chain_check(patch: Patch) -> None:
    """An edge takes the next number from a line whose past is another."""
    rule = _edge_takes(lambda known, _: -1 if known < 0 else known, chained=False)
    patch.setattr(InEdge, "take", rule)


def release_twice(patch: Patch) -> None:
    """The end of an order frees its hold two times, where there is enough to take it from."""
    real = settle.done

    def done(ledger: Ledger, instrument_id: int, report: reports.Done) -> list[AccountEvent]:
        order = ledger.undone(report.order_id, instrument_id)
        hold = order.hold
        events = real(ledger, instrument_id, report)
        rules = ledger.instruments[instrument_id]
        sell = order.side is settle._SELL
        asset_id = rules.base_asset_id if sell else rules.quote_asset_id
        held = ledger.journal.funds(order.account, asset_id).held
        if 0 < (hold * rules.lot if sell else hold) <= held:
            events.append(ledger.move_hold(order, -hold))
        return events

    patch.setattr(settle, "done", done)


def improvement_kept(patch: Patch) -> None:
    """A fill below the limit does not return what it saved."""

    def bought(order: Order, *arguments: Any) -> object:
        kind, order.type = order.type, settle._MARKET  # whose fills free no more than they cost
        try:
            return real(order, *arguments)
        finally:
            order.type = kind

    real: Any = settle._bought
    patch.setattr(settle, "_bought", bought)


def transfer_ids_forgotten(patch: Patch) -> None:
    """A transfer that is said again is done again."""
    real = ReferenceShard.command

    def command(self: ReferenceShard, said: Command, time_ms: int) -> ShardOutput:
        if isinstance(said, Transfer):
            self._ledger.memory._known.pop((said.account, said.command_id), None)
        return real(self, said, time_ms)

    patch.setattr(ReferenceShard, "command", command)


def duplicate_moves_time(patch: Patch) -> None:
    """A group that a book drops as known moves its time all the same."""
    real = BookMachine.take

    def take(
        self: BookMachine, shard: int, group: OrderGroup, time_ms: int, outbox: Outbox
    ) -> Verdict:
        self.advance(time_ms, outbox)
        return real(self, shard, group, time_ms, outbox)

    patch.setattr(BookMachine, "take", take)


def senders_mixed(patch: Patch) -> None:
    """A worker with two shards puts what both say to one book on one edge."""
    real: Any = Outbox.put

    def put(self: Outbox, stream: Any, *arguments: Any) -> None:
        real(self, stream._replace(sender=0), *arguments)

    patch.setattr(Outbox, "put", put)


def last_in_first_out(patch: Patch) -> None:
    """The latest order of a price trades first."""
    patch.setattr(
        BookSide, "first", lambda self: next(reversed(self.levels[self.best_key].orders.values()))
    )


BREAKAGES: tuple[Breakage, ...] = (
    no_duplicate_check,
    no_gap_check,
    release_twice,
    improvement_kept,
    transfer_ids_forgotten,
    duplicate_moves_time,
    senders_mixed,
    last_in_first_out,
    *BROKEN_SNAPSHOTS,
    *BROKEN_LINES,
)
