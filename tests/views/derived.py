"""The derived topics as their readers take them: by number."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from partita.log.port import Outgoing
from partita.schemas.codec import decode
from partita.schemas.market_data import DepthBatch, LevelChange, Trade, TradeBatch

Value = TypeVar("Value")


class Derived(NamedTuple):
    """What stands on trades and depth, by instrument and number; the same said twice is one."""

    trades: dict[tuple[int, int], Trade]
    changes: dict[tuple[int, int], LevelChange]


def derived(records: Iterable[Outgoing | bytes]) -> Derived:
    """Read records; assert that nothing is said twice in two ways."""
    found = Derived({}, {})
    for record in records:
        message = decode(record if isinstance(record, bytes) else record.value)
        if isinstance(message, TradeBatch):
            _put(found.trades, message.instrument_id, message.first, message.trades)
        elif isinstance(message, DepthBatch):
            _put(found.changes, message.instrument_id, message.first, message.changes)
    return found


def _put(
    into: dict[tuple[int, int], Value], instrument_id: int, first: int, values: Iterable[Value]
) -> None:
    for number, value in enumerate(values, first):
        known = into.setdefault((instrument_id, number), value)
        assert value == known, f"{instrument_id}/{number} is told in two ways"
