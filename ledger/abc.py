"""The Shard contract: what a ledger shard is, whichever engine it is written in."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from partita.ledger.state import ShardState
from partita.schemas.accounts import AccountEvent
from partita.schemas.commands import Command
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent
from partita.schemas.reports import Report


class ShardOutput(NamedTuple):
    """What a shard answers to one command or report."""

    orders: Sequence[tuple[int, OrderEvent]]  # (instrument_id, event): for the books
    events: Sequence[AccountEvent]  # for the accounts


class Shard(Protocol):
    """The balances and open orders of the accounts with account mod shards = shard.

    A pure function of what is applied: it reads no clock, and equal inputs give equal outputs and
    equal hashes in every engine. A command that cannot be done is answered by Rejected with the
    first reason that holds (partita.schemas.reasons) and changes nothing but the memory of ids.
    A broken assertion means that the program is wrong, and the state must not be used any further.
    """

    @property
    def shard(self) -> int:
        """Its number, from 0."""

    @property
    def shards(self) -> int:
        """How many there are, fixed when the cluster is made."""

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""

    def command(self, command: Command, time_ms: int) -> ShardOutput:
        """Apply one command of a client, logged at time_ms."""

    def report(self, instrument_id: int, report: Report, time_ms: int) -> ShardOutput:
        """Apply one report of a book, logged at time_ms."""

    def instrument(self, instrument_id: int) -> Instrument | None:
        """Return the rules as last heard; None before the first."""

    def snapshot(self) -> ShardState:
        """Return the whole state as a value, canonical: equal states give equal values."""

    def restore(self, state: ShardState) -> None:
        """Take the state of a snapshot in place of the own one."""

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""

    def check(self) -> None:
        """Assert every invariant of the shard."""
