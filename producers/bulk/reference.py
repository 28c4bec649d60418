"""The rows of a bulk in Python: what works everywhere, at the speed of Python."""

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
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.reasons import Reason
from partita.schemas.topics import shard_of

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: at for at, digit in enumerate(_DIGITS)}
_SIDES = tuple(Side)
_REASONS = {reason: at for at, reason in enumerate(Reason)}


def _digits(index: int) -> str:
    found = ""
    while True:
        index, place = divmod(index, len(_DIGITS))
        found = _DIGITS[place] + found
        if not index:
            return found


class ReferenceRun:
    """See partita.producers.bulk.run.Run."""

    def __init__(self, prefix: str, shards: int) -> None:
        self._prefix = prefix
        self._shards = shards
        self._commands: list[Command] = []  # without valid_until_ms
        self._states = bytearray()
        self._reasons = bytearray()
        self._order_ids = array("q")
        self._heard_ns = array("q")
        self._indexes: dict[int, int] = {}  # by order, until it is settled
        self._numbers: dict[int, int] = {}  # by shard, of the last event taken
        self._answered = self._settled = self._gaps = 0

    def place(self, table: OrderTable) -> None:
        """Take in the orders of a table."""
        terms = table.terms
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
        for mine, named in zip(account, order_id, strict=True):
            self._add(Cancel(mine, self._next_id(), 0, named, ""))

    def _next_id(self) -> str:
        return self._prefix + _digits(len(self._commands))

    def _add(self, command: Command) -> None:
        self._commands.append(command)
        self._states.append(RowState.UNANSWERED)
        self._reasons.append(0)
        self._order_ids.append(0)
        self._heard_ns.append(0)

    def encode(self, first: int, end: int, valid_until_ms: int) -> list[tuple[int, bytes]]:
        """Return (shard, record) of the commands from first to end that are not answered."""
        batches: dict[int, list[Command]] = {}
        for command, state in zip(self._commands[first:end], self._states[first:end], strict=True):
            if state == RowState.UNANSWERED:
                shard = shard_of(command.account, self._shards)
                live = command._replace(valid_until_ms=valid_until_ms)
                batches.setdefault(shard, []).append(live)
        return [
            (shard, encode(CommandBatch(b"", tuple(mine[at : at + BATCH_COMMANDS_MAX]))))
            for shard, mine in sorted(batches.items())
            for at in range(0, len(mine), BATCH_COMMANDS_MAX)
        ]

    def take(self, records: Sequence[Record], now_ns: int) -> tuple[int, int, int]:
        """Take records of the private stream; see Run."""
        for record in records:
            for event in self._new(record.partition, decode(record.value)):
                self._hear(event, now_ns)
        return self._answered, self._settled, self._gaps

    def _new(self, shard: int, batch: AccountEventBatch) -> Iterator[AccountEvent]:
        for group in batch.groups:
            known = self._numbers.get(shard, group.first - 1)
            if group.first > known + 1:
                self._gaps += 1
                known = group.first - 1
            yield from group.events[max(0, known - group.first + 1) :]
            self._numbers[shard] = max(known, group.first + len(group.events) - 1)

    def _hear(self, event: AccountEvent, now_ns: int) -> None:
        match event:
            case Received():
                index = self._index(event.command_id)
                if index is not None and self._states[index] == RowState.UNANSWERED:
                    self._states[index] = RowState.RECEIVED
                    self._order_ids[index] = event.order_id
                    self._indexes[event.order_id] = index
                    self._answered += 1
            case Rejected():
                self._answer(event.command_id, RowState.REJECTED, event.reason, now_ns)
            case Accepted():
                self._answer(event.command_id, RowState.SETTLED, Reason.NONE, now_ns)
            case Opened():
                self._end(event.order_id, RowState.SETTLED, Reason.NONE, now_ns)
            case Done():
                self._end(event.order_id, RowState.DONE, event.reason, now_ns)
            case _:
                pass

    def _answer(self, command_id: str, state: RowState, reason: Reason, now_ns: int) -> None:
        index = self._index(command_id)
        if index is not None and self._states[index] == RowState.UNANSWERED:
            self._set(index, state, reason, now_ns)
            self._answered += 1

    def _end(self, order_id: int, state: RowState, reason: Reason, now_ns: int) -> None:
        if (index := self._indexes.pop(order_id, None)) is not None:
            self._set(index, state, reason, now_ns)

    def _set(self, index: int, state: RowState, reason: Reason, now_ns: int) -> None:
        self._states[index] = state
        self._reasons[index] = _REASONS[reason]
        self._heard_ns[index] = now_ns
        self._settled += 1

    def _index(self, command_id: str) -> int | None:
        if not command_id.startswith(self._prefix):
            return None
        index = 0
        for digit in command_id[len(self._prefix) :]:
            if (value := _VALUES.get(digit)) is None:
                return None
            index = index * len(_DIGITS) + value
        return index if index < len(self._commands) else None

    def outcomes(self, first: int, end: int) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the columns of Outcomes for the commands from first to end."""
        return (
            bytes(self._states[first:end]),
            bytes(self._reasons[first:end]),
            self._order_ids[first:end].tobytes(),
            self._heard_ns[first:end].tobytes(),
        )
