"""Orders as a table: one column a field, whole numbers inside."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

from partita.producers import build
from partita.producers.build import Head, OrderWish
from partita.producers.catalogue import Listed
from partita.schemas.decimals import Number
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.errors import InvalidValue

_SIDES = {side: at for at, side in enumerate(Side)}


def _column() -> "array[int]":
    return array("q")


def check_columns(*columns: "array[int]") -> None:
    """Raise InvalidValue for columns that make no table."""
    if any(column.typecode != "q" for column in columns):
        raise InvalidValue("columns", [one.typecode for one in columns], 'must be array("q")')
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise InvalidValue("columns", sorted(lengths), "must have one length")


class OrderTerms(NamedTuple):
    """What all orders of a table have in common."""

    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    self_trade: SelfTrade = SelfTrade.DC
    expire_ms: int = 0  # of GTT orders, milliseconds since 1970


DEFAULT_TERMS = OrderTerms()


@dataclass(slots=True)
class OrderTable:
    """Orders in columns of 64-bit integers (array("q")), all of one length.

    Programs that know ticks and lots fill the columns; `Bulk.add` takes an order in decimals,
    checks it as `Client.place` does, and converts it.
    """

    terms: OrderTerms = DEFAULT_TERMS
    account: "array[int]" = field(default_factory=_column)
    instrument_id: "array[int]" = field(default_factory=_column)
    side: "array[int]" = field(default_factory=_column)  # place in Side: 0 buy, 1 sell
    price: "array[int]" = field(default_factory=_column)  # ticks, 0 for market orders
    size: "array[int]" = field(default_factory=_column)  # lots

    def __len__(self) -> int:
        return len(self.account)

    def add(
        self,
        listed: Listed,
        account: int,
        side: str,
        *,
        price: Number | None,
        size: Number | None,
        now_ms: int,
    ) -> None:
        """Add an order in decimals. Raises InvalidValue, as Client.place."""
        kind, time_in_force, post_only, self_trade, expire_ms = self.terms
        wish = OrderWish(
            *(side, str(kind), str(time_in_force), price, size, None),
            *(post_only, str(self_trade), expire_ms or None),
        )
        head = Head(build.whole(account, "account"), "", 0)
        order = build.place(listed, head, wish, now_ms)
        self.append(account, order.instrument_id, order.side, order.price, order.size)

    def append(self, account: int, instrument_id: int, side: Side, price: int, size: int) -> None:
        """Add an order in ticks and lots."""
        self.account.append(account)
        self.instrument_id.append(instrument_id)
        self.side.append(_SIDES[side])
        self.price.append(price)
        self.size.append(size)

    def check(self) -> None:
        """Raise InvalidValue for a table that is none; what its numbers mean, the ledger judges."""
        check_columns(*self.columns())
        if not set(self.side) <= {0, 1}:
            raise InvalidValue("side", sorted(set(self.side)), "must be places in Side, 0 or 1")

    def part(self, first: int, end: int) -> "OrderTable":
        """Return the rows from first to end as a table of their own."""
        return OrderTable(self.terms, *(column[first:end] for column in self.columns()))

    def first(self, rows: int) -> "OrderTable":
        """Return the first so many rows: all of it when there are no more."""
        return self if rows >= len(self) else self.part(0, rows)

    def columns(self) -> "tuple[array[int], array[int], array[int], array[int], array[int]]":
        """Give the columns in their order."""
        return self.account, self.instrument_id, self.side, self.price, self.size
