"""The query port: what programs ask a store, with pages, and views at least as new as they say.

An *inquiry* (`partita.producers.Client.order`, `open_orders`, `balances`) is answered by the ledger
itself, in its turn on the log: linearizable, and all that trading needs. A *query* is answered by a
store, which is behind by what its projector has not read yet, and knows all that ever was. Each
view says the position it is at; one that must have seen a command takes the position of that
command's acknowledgement:

    placed = client.place(7, "BTC-USD", "buy", price="50000", size="0.1")
    view = queries.orders(7, at_least=placed.position)

Rows are in ticks, lots and units (partita.ledger.store.rows). Calls block; a `Queries` is for one
thread at a time.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

from partita.ledger.store.choice import open_reader
from partita.ledger.store.errors import StoreBehind, StoreReplaced
from partita.ledger.store.port import PAGE_MAX, Reader
from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    EntryRow,
    FillRow,
    OrderRow,
    TradeRow,
)
from partita.schemas.errors import InvalidValue
from partita.schemas.topics import ACCOUNT_EVENTS, shard_of

T = TypeVar("T")

PAGE = 100
TIMEOUT_S = 5.0
# Between two looks at how far the store is.
_LOOK_S = (0.005, 0.01, 0.02, 0.05)


class At(NamedTuple):
    """A place in the private streams; equal to partita.producers.Position."""

    shard: int
    number: int


class View(NamedTuple, Generic[T]):
    """An answer, and where it stands: all up to this event is in it, and perhaps more."""

    found: T
    position: At


class Queries:
    """Asks one store.

    Every method about an account takes `at_least`, a position of its shard: the view is at least
    that new, or StoreBehind is raised after `timeout_s`. All may raise StoreUnavailable and
    StoreUnfit (partita.ledger.store.errors).
    """

    def __init__(self, address: str, shards: int, *, timeout_s: float = TIMEOUT_S) -> None:
        """Open the store at an address, of an exchange of so many shards; see store.choice.

        Raises:
            StoreMissing, StoreUnfit, StoreUnavailable, InvalidValue: see open_reader.
        """
        self._address = address
        self._shards = shards
        self._timeout_s = timeout_s
        self._reader: Reader = open_reader(address)

    def close(self) -> None:
        """Let go of the store."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[Reader], T]) -> T:
        """Ask; once more when the store was begun anew meanwhile."""
        try:
            return question(self._reader)
        except StoreReplaced:
            self._reader.close()
            self._reader = open_reader(self._address)
            return question(self._reader)

    def position(self, account: int) -> At:
        """Return how far the store is on an account's shard; number 0: it has nothing yet."""
        shard = shard_of(account, self._shards)
        known = self._ask(lambda reader: reader.progress())
        # Where the topic was made anew the projector refuses the store, so there is one at most.
        numbers = [
            at.number
            for at in known.values()
            if (at.source.topic, at.source.partition) == (ACCOUNT_EVENTS, shard)
        ]
        return At(shard, max(numbers, default=0))

    def _view(
        self, account: int, at_least: tuple[int, int] | None, question: Callable[[Reader], T]
    ) -> View[T]:
        # The position first: what is asked after it can only be newer, unless the store was begun
        # anew between them. Then it is behind that position, or has come past it once more.
        while True:
            position = self._wait(account, at_least)
            found = self._ask(question)
            if self.position(account).number >= position.number:
                return View(found, position)

    def _wait(self, account: int, at_least: tuple[int, int] | None) -> At:
        position = self.position(account)
        if at_least is None:
            return position
        if at_least[0] != position.shard:
            rule = f"account {account} is on shard {position.shard}"
            raise InvalidValue("at_least", tuple(at_least), rule)
        deadline_s, looks = time.monotonic() + self._timeout_s, 0
        while position.number < at_least[1]:
            if time.monotonic() > deadline_s:
                raise StoreBehind(
                    f"{self._address} is at event {position.number} of shard {position.shard}, and"
                    f" not at {at_least[1]} after {self._timeout_s:g} s: does a projector run"
                    " (`partita store status`)? Ask again, or without a position"
                )
            time.sleep(_LOOK_S[min(looks, len(_LOOK_S) - 1)])
            looks += 1
            position = self.position(account)
        return position

    def balances(
        self, account: int, *, at_least: tuple[int, int] | None = None
    ) -> View[list[BalanceRow]]:
        """Return an account's balances, by asset."""
        return self._view(account, at_least, lambda reader: reader.balances(account))

    def order(
        self,
        account: int,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
        at_least: tuple[int, int] | None = None,
    ) -> View[OrderRow | None]:
        """Return an order by one of its names; the newest, where a name was used again."""
        if (order_id is None) == (client_order_id is None):
            raise InvalidValue("order_id", order_id, "give one of order_id and client_order_id")

        def ask(reader: Reader) -> OrderRow | None:
            if order_id is not None:
                return reader.order(account, order_id)
            return reader.order_by_client_id(account, client_order_id or "")

        return self._view(account, at_least, ask)

    def open_orders(
        self,
        account: int,
        *,
        after: int = 0,
        limit: int = PAGE,
        at_least: tuple[int, int] | None = None,
    ) -> View[list[OrderRow]]:
        """Return a page of the account's orders that are not done, oldest first, behind `after`."""
        size = _page(limit)
        return self._view(account, at_least, lambda r: r.open_orders(account, after, size))

    def orders(
        self,
        account: int,
        *,
        done: bool = False,
        before: int | None = None,
        limit: int = PAGE,
        at_least: tuple[int, int] | None = None,
    ) -> View[list[OrderRow]]:
        """Return a page of the account's orders, all or those done, newest first."""
        size = _page(limit)
        if done:
            return self._view(account, at_least, lambda r: r.done_orders(account, before, size))
        return self._view(account, at_least, lambda r: r.orders(account, before, size))

    def fills(
        self,
        account: int,
        *,
        order_id: int | None = None,
        before: int | None = None,
        limit: int = PAGE,
        at_least: tuple[int, int] | None = None,
    ) -> View[list[FillRow]]:
        """Return a page of the fills of an account, or of one of its orders, newest first."""
        size = _page(limit)
        if order_id is None:
            return self._view(account, at_least, lambda r: r.fills(account, before, size))
        return self._view(
            account, at_least, lambda r: r.order_fills(account, order_id, before, size)
        )

    def entries(
        self,
        account: int,
        *,
        before: int | None = None,
        limit: int = PAGE,
        at_least: tuple[int, int] | None = None,
    ) -> View[list[EntryRow]]:
        """Return a page of the changes of an account's balances, newest first."""
        size = _page(limit)
        return self._view(account, at_least, lambda r: r.entries(account, before, size))

    def trades(
        self, instrument_id: int, *, before: int | None = None, limit: int = PAGE
    ) -> list[TradeRow]:
        """Return a page of an instrument's trades, newest first."""
        size = _page(limit)
        return self._ask(lambda reader: reader.trades(instrument_id, before, size))

    def candles(
        self,
        instrument_id: int,
        interval_s: int,
        *,
        before: int | None = None,
        limit: int = PAGE,
    ) -> list[CandleRow]:
        """Return a page of an instrument's bars of one interval, newest first."""
        size = _page(limit)
        return self._ask(lambda reader: reader.candles(instrument_id, interval_s, before, size))


def _page(limit: int) -> int:
    if not 0 < limit <= PAGE_MAX:
        raise InvalidValue("limit", limit, f"a page has 1 to {PAGE_MAX} rows")
    return limit
