"""The rows of one bulk, in whichever engine: to the bytes of commands, and from the stream back."""

from array import array
from collections.abc import Sequence
from typing import Protocol

from partita.log import native
from partita.log.port import Record
from partita.producers.bulk.reference import ReferenceRun
from partita.producers.bulk.table import OrderTable


class Run(Protocol):
    """The commands of a bulk and what became of them.

    A command's index is how many there were before; its id is the prefix and the index in base 62.
    """

    def place(self, table: OrderTable) -> None:
        """Take in the orders of a table."""

    def cancel(self, account: "array[int]", order_id: "array[int]") -> None:
        """Take in cancels."""

    def encode(self, first: int, end: int, valid_until_ms: int) -> list[tuple[int, bytes]]:
        """Return (shard, record) of the commands from first to end that are not answered."""

    def take(self, records: Sequence[Record], now_ns: int) -> tuple[int, int, int]:
        """Take records of the private stream; return (answered, settled, gaps) so far.

        Raises:
            ValueError: a record is none of that stream.
        """

    def outcomes(self, first: int, end: int) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the columns of Outcomes for the commands from first to end."""


class _NativeRun:
    """A run in Rust."""

    def __init__(self, prefix: str, shards: int) -> None:
        run = native.bulk(prefix, shards)
        self.cancel, self.encode = run.cancel, run.encode
        self.take, self.outcomes = run.take, run.outcomes
        self._place = run.place

    def place(self, table: OrderTable) -> None:
        terms = table.terms
        kinds = str(terms.type), str(terms.time_in_force)
        rest = terms.post_only, str(terms.self_trade), terms.expire_ms
        self._place(*table.columns(), (*kinds, *rest))


def new_run(prefix: str, shards: int) -> Run:
    """Return an empty run in the native engine where it is installed, else in the reference."""
    return _NativeRun(prefix, shards) if native.INSTALLED else ReferenceRun(prefix, shards)
