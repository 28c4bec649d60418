"""The orders of a tape: whose id is which order, and how much of it is filled."""

from collections.abc import Sequence

from partita.matchers.events import BookEvent, Changed, Done, Traded
from partita.schemas.enums import Side


class LiveOrder:
    """An order that has not ended."""

    __slots__ = ("filled", "price", "side", "size", "symbol")

    def __init__(self, symbol: str, side: Side, price: int, size: int) -> None:
        self.symbol = symbol
        self.side = side
        self.price = price  # ticks
        self.size = size  # lots in all: filled + remaining
        self.filled = 0  # lots


class TapeOrders:
    """What the driver must remember, because a book does not: client ids, and fills of live orders.

    Ids of ended orders stay: an id is used once in a tape (and account).
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self._ids: list[str] = [""]  # by order number, from 1
        self._live: dict[int, LiveOrder] = {}

    def number(self, account: int, client_id: str) -> int:
        """Return the order's number; 0 when there was none."""
        return self._numbers.get((account, client_id), 0)

    def client_id(self, number: int) -> str:
        """Return the id on the tape of an order by its number."""
        return self._ids[number]

    def live(self, account: int, client_id: str) -> LiveOrder | None:
        """Return the order, if it has not ended."""
        return self._live.get(self.number(account, client_id))

    def add(self, account: int, client_id: str, order: LiveOrder) -> int:
        """Number a new order, 1, 2, 3, ..."""
        number = len(self._ids)
        self._numbers[account, client_id] = number
        self._ids.append(client_id)
        self._live[number] = order
        return number

    def follow(self, events: Sequence[BookEvent]) -> None:
        """Take note of what a book answered."""
        live = self._live
        for event in events:
            if isinstance(event, Traded):
                live[event.maker_order_id].filled += event.size
                live[event.taker_order_id].filled += event.size
            elif isinstance(event, Done):
                del live[event.order_id]
            elif isinstance(event, Changed):
                order = live[event.order_id]
                order.price = event.price
                order.size = order.filled + event.size
