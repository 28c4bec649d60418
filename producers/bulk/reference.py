"""The rows of a bulk in Python: what works everywhere, at the speed of Python."""

import threading
from array import array
from collections.abc import Iterator, Sequence

from partita.log.port import Record
from partita.producers.bulk.outcomes import RowState
from partita.producers.bulk.table import OrderTable
from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    AccountEventBatch,
    Done,
    Opened,
    Received,
    Rejected,
)
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Cancel, Command, CommandBatch, Place
from partita.schemas.enums import Side
from partita.schemas.errors import Undecodable
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.reasons import Reason
from partita.schemas.topics import shard_of

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: at for at, digit in enumerate(_DIGITS)}
_SIDES = tuple(Side)
_REASONS = {reason: at for at, reason in enumerate(Reason)}


def digits(index: int) -> str:
    """Return an index in base 62, as it stands in a command id."""
    found = ""
    while True:
        index, place = divmod(index, len(_DIGITS))
        found = _DIGITS[place] + found
        if not index:
            return found


class _Row:
    """A command and what became of it."""

    __slots__ = ("command", "heard_ns", "order_id", "reason", "state")

    def __init__(self, command: Command) -> None:
        self.command = command  # valid_until_ms is that of its first encoding
        self.state = RowState.UNSENT
        self.reason = Reason.NONE
        self.order_id = self.heard_ns = 0


class ReferenceRun:
    """See partita.producers.bulk.run.Run."""

    def __init__(self, prefix: str, numbers: Sequence[int]) -> None:
        self._lock = threading.Lock()  # the stream is read in a thread
        self._prefix = prefix
        self._rows: dict[int, _Row] = {}  # by index, those that are not forgotten
        self._end = 0  # the next index
        self._orders: dict[int, _Row] = {}  # by order, until it is settled
        self._numbers = list(numbers)  # by shard, of the last event taken
        self._answered = self._settled = self._gaps = 0

    def place(self, table: OrderTable) -> None:
        """Take in the orders of a table."""
        terms = table.terms
        with self._lock:
            for account, instrument_id, side, price, size in zip(*table.columns(), strict=True):
                self._add(
                    Place(
                        account,
                        self._next_id(),
                        0,
                        instrument_id,
                        _SIDES[side],
                        terms.type,
                        terms.time_in_force,
                        price,
                        size,
                        0,
                        terms.post_only,
                        terms.self_trade,
                        terms.expire_ms,
                    )
                )

    def cancel(self, account: "array[int]", order_id: "array[int]") -> None:
        """Take in cancels."""
        with self._lock:
            for mine, named in zip(account, order_id, strict=True):
                self._add(Cancel(mine, self._next_id(), 0, named, ""))

    def _next_id(self) -> str:
        return self._prefix + digits(self._end)

    def _add(self, command: Command) -> None:
        self._rows[self._end] = _Row(command)
        self._end += 1

    def _kept(self, first: int, end: int) -> Iterator[tuple[int, _Row]]:
        for index in range(first, end):
            if (row := self._rows.get(index)) is not None:
                yield index, row

    def encode(self, first: int, end: int, valid_until_ms: int) -> list[tuple[int, bytes]]:
        """Return (shard, record) of the commands from first to end that are not answered."""
        shards = len(self._numbers)
        batches: dict[int, list[Command]] = {}
        with self._lock:
            for _, row in self._kept(first, end):
                if row.state is RowState.UNSENT:
                    row.state = RowState.UNANSWERED
                    row.command = row.command._replace(valid_until_ms=valid_until_ms)
                if row.state is RowState.UNANSWERED:
                    batches.setdefault(shard_of(row.command.account, shards), []).append(
                        row.command
                    )
        return [
            (shard, encode(CommandBatch(b"", tuple(mine[at : at + BATCH_COMMANDS_MAX]))))
            for shard, mine in sorted(batches.items())
            for at in range(0, len(mine), BATCH_COMMANDS_MAX)
        ]

    def take(self, records: Sequence[Record], now_ns: int) -> tuple[int, int, int]:
        """Take records of the private stream; see Run."""
        for record in records:
            batch = decode(record.value)
            if not isinstance(batch, AccountEventBatch):
                name = type(batch).__name__
                raise Undecodable(f"a {name} does not belong on account-events")
            with self._lock:
                for event in self._new(record.partition, batch):
                    self._hear(event, now_ns)
        return self._answered, self._settled, self._gaps

    def _new(self, shard: int, batch: AccountEventBatch) -> Iterator[AccountEvent]:
        for group in batch.groups:
            known = self._numbers[shard]
            if group.first > known + 1:
                self._gaps += 1
            yield from group.events[max(0, known - group.first + 1) :]
            self._numbers[shard] = max(known, group.first + len(group.events) - 1)

    def _hear(self, event: AccountEvent, now_ns: int) -> None:
        match event:
            case Received():
                row = self._row(event.command_id)
                if row is not None and row.state is RowState.UNANSWERED:
                    row.state, row.order_id = RowState.RECEIVED, event.order_id
                    self._orders[event.order_id] = row
                    self._answered += 1
            case Rejected():
                self._answer(event.command_id, RowState.REJECTED, event.reason, now_ns)
            case Accepted():
                self._answer(event.command_id, RowState.SETTLED, Reason.NONE, now_ns)
            case Opened():
                self._settle(event.order_id, RowState.SETTLED, Reason.NONE, now_ns)
            case Done():
                self._settle(event.order_id, RowState.DONE, event.reason, now_ns)
            case _:
                pass

    def _answer(self, command_id: str, state: RowState, reason: Reason, now_ns: int) -> None:
        row = self._row(command_id)
        if row is not None and row.state is RowState.UNANSWERED:
            self._set(row, state, reason, now_ns)
            self._answered += 1

    def _settle(self, order_id: int, state: RowState, reason: Reason, now_ns: int) -> None:
        if (row := self._orders.pop(order_id, None)) is not None:
            self._set(row, state, reason, now_ns)

    def _set(self, row: _Row, state: RowState, reason: Reason, now_ns: int) -> None:
        row.state, row.reason, row.heard_ns = state, reason, now_ns
        self._settled += 1

    def _row(self, command_id: str) -> _Row | None:
        if not command_id.startswith(self._prefix):
            return None
        index = 0
        for digit in command_id[len(self._prefix) :]:
            if (value := _VALUES.get(digit)) is None:
                return None
            index = index * len(_DIGITS) + value
        return self._rows.get(index)

    def waiting(self, first: int, end: int, state: int) -> int:
        """Return the first command from first to end that is not as far as a state, else end."""
        with self._lock:
            kept = self._kept(first, end)
            return next((index for index, row in kept if row.state < state), end)

    def outcomes(self, first: int, end: int) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the columns of Outcomes for the commands from first to end."""
        with self._lock:
            taken_in = range(first, min(end, self._end))
            rows = [self._rows.get(index, _FORGOTTEN) for index in taken_in]
            return (
                bytes(row.state for row in rows),
                bytes(_REASONS[row.reason] for row in rows),
                array("q", (row.order_id for row in rows)).tobytes(),
                array("q", (row.heard_ns for row in rows)).tobytes(),
            )

    def forget(self, first: int, end: int) -> int:
        """Forget the commands from first to end; return how many are under way, unanswered."""
        with self._lock:
            gone = list(self._kept(first, end))
            for index, row in gone:
                del self._rows[index]
                self._orders.pop(row.order_id, None)
        return sum(row.state is RowState.UNANSWERED for _, row in gone)


_FORGOTTEN = _Row(Cancel(0, "", 0, 0, ""))
_FORGOTTEN.state = RowState.FORGOTTEN
