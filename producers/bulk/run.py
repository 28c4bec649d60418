"""The rows of one bulk, in whichever engine: to the bytes of commands, and from the stream back."""

from array import array
from collections.abc import Sequence
from typing import Protocol

from partita.log import native
from partita.log.port import Record
from partita.producers.bulk.reference import ReferenceRun
from partita.producers.bulk.table import OrderTable
from partita.schemas.errors import Unreadable


class Run(Protocol):
    """The commands of a bulk and what became of them; any thread may call.

    A command's index is how many there were before, forgotten ones included; its id is the prefix
    and the index in base 62. It begins behind the events of some numbers, one a shard: those, and
    whatever is said twice, are history.
    """

    def place(self, table: OrderTable) -> None:
        """Take in the orders of a table."""

    def cancel(self, account: "array[int]", order_id: "array[int]") -> None:
        """Take in cancels."""

    def encode(self, first: int, end: int, valid_until_ms: int) -> list[tuple[int, bytes]]:
        """Return (shard, record) of the commands from first to end that are not answered.

        They count as sent. Those that are new are valid until then; others stay as they were.
        """

    def take(self, records: Sequence[Record], now_ns: int) -> tuple[int, int, int]:
        """Take records of the private stream; return (answered, settled, gaps) so far.

        Raises:
            Unreadable: a record is none of that stream, or newer than this build.
        """

    def waiting(self, first: int, end: int, state: int) -> int:
        """Return the first command from first to end that is not as far as a state, else end."""

    def outcomes(self, first: int, end: int) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the columns of Outcomes for the commands from first to end."""

    def forget(self, first: int, end: int) -> int:
        """Forget the commands from first to end; return how many are under way, unanswered.

        Their memory is free when all before them are forgotten, too.
        """


class NativeRun:
    """A run in Rust."""

    def __init__(self, prefix: str, numbers: Sequence[int]) -> None:
        run = native.bulk(prefix, numbers)
        self.encode, self.waiting = run.encode, run.waiting
        self.outcomes, self.forget = run.outcomes, run.forget
        self._place, self._cancel, self._take = run.place, run.cancel, run.take

    def place(self, table: OrderTable) -> None:
        """See Run."""
        if not len(table):
            return  # an empty array has no memory that the native engine would look at
        terms = table.terms
        kinds = str(terms.type), str(terms.time_in_force)
        rest = terms.post_only, str(terms.self_trade), terms.expire_ms
        self._place(*table.columns(), (*kinds, *rest))

    def cancel(self, account: "array[int]", order_id: "array[int]") -> None:
        """See Run."""
        if account:
            self._cancel(account, order_id)

    def take(self, records: Sequence[Record], now_ns: int) -> tuple[int, int, int]:
        """See Run."""
        try:
            return self._take(records, now_ns)
        except ValueError as error:  # the native engine's own kinds
            raise Unreadable(str(error)) from error


def new_run(prefix: str, numbers: Sequence[int]) -> Run:
    """Return an empty run in the native engine where it is installed, else in the reference."""
    return (NativeRun if native.INSTALLED else ReferenceRun)(prefix, numbers)
