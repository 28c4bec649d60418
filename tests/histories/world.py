"""What one shard must know: the money, the orders and the ids, as its events have told them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from histories.asked import Key, Memory
from histories.funds import Funds
from histories.orders import Order
from histories.rules import Rules
from histories.topups import TopUps

from partita.schemas.commands import Amend, Cancel, CancelAll, Inquire
from partita.schemas.limits import ID_MARGIN_MS

_KEEP_ASKING_MS = ID_MARGIN_MS  # how long a done order is kept at a time while requests name it


class World:
    """See the module."""

    def __init__(self, shard: int, shards: int, rules: Rules, memory: Memory) -> None:
        self.shard = shard
        self.shards = shards
        self.rules = rules
        self.memory = memory
        self.time_ms = 0
        self.last_order_id = 0
        self.funds = Funds()
        self.orders: dict[int, Order] = {}
        self.top_ups = TopUps()
        # Cancelled at their owner's request, by no cancel of their own: by account, instrument.
        self.swept: Counter[tuple[int, int]] = Counter()
        # Decreased less ended by self-trade prevention, by account and instrument.
        self.decreased: Counter[tuple[int, int]] = Counter()
        self._names: dict[Key, int] = {}  # by account and client_order_id
        self._open: dict[int, dict[int, Order]] = {}

    def add(self, order: Order) -> None:
        """Take in a new order; its id is known for as long as it is open."""
        placed = order.received
        asked = self.memory.find(placed.account, placed.command_id)
        assert asked is not None, "somebody placed it"
        order.known_until_ms, asked.known_until_ms = asked.known_until_ms or 0, None
        self.last_order_id = placed.order_id
        self.orders[placed.order_id] = order
        self._names[placed.account, placed.command_id] = placed.order_id
        self._open.setdefault(placed.account, {})[placed.order_id] = order

    def end(self, order: Order) -> None:
        """Note that an order is done, and until when the shard must know it."""
        placed = order.received
        del self._open[placed.account][placed.order_id]
        asked = self.memory.find(placed.account, placed.command_id)
        assert asked is not None, "an open order keeps its id"
        order.known_until_ms = max(self.time_ms + ID_MARGIN_MS, order.known_until_ms)
        asked.known_until_ms = order.known_until_ms
        self.memory.forget_later(self.shard, (placed.account, placed.command_id), self.time_ms)

    def open_of(self, account: int) -> Iterable[Order]:
        """Give the account's orders that are not done, by id."""
        return self._open.get(account, {}).values()

    def open_count(self, account: int) -> int:
        """Return how many orders of the account are not done."""
        return len(self._open.get(account, ()))

    def named(self, command: Cancel | Amend | Inquire) -> list[Order | None]:
        """Return what the shard may find under an order's name, None for nothing.

        Two things when the order is done, and was so long ago that it may be forgotten.
        """
        order = self.order_named(command)
        if order is None:
            return [None]
        if order.is_done and self.time_ms > order.known_until_ms:
            return [order, None]
        return [order]

    def order_named(self, command: Cancel | Amend | Inquire) -> Order | None:
        """Return the account's own order of this name."""
        order_id = command.order_id
        if command.client_order_id:
            order_id = self._names.get((command.account, command.client_order_id), 0)
        order = self.orders.get(order_id)
        return order if order is not None and order.received.account == command.account else None

    def cancel_alls(self, account: int, instrument_id: int) -> Iterator[CancelAll]:
        """Give the account's cancel-alls of a symbol that are not answered."""
        for _, request in self.memory.requests(account):
            if isinstance(request, CancelAll) and request.instrument_id == instrument_id:
                yield request

    def pass_time(self, time_ms: int) -> None:
        """Let time pass, and let go of what the shard has surely forgotten."""
        if time_ms == self.time_ms:
            return
        self.time_ms = time_ms
        for key in self.memory.forget(self.shard, time_ms):
            order_id = self._names.get(key)
            if order_id is None:
                self.memory.drop(key)
            elif (order := self.orders[order_id]).is_done:
                if self._is_asked_for(order):
                    self.memory.forget_later(self.shard, key, time_ms + _KEEP_ASKING_MS)
                    continue
                self.memory.drop(key)
                del self.orders[order_id], self._names[key]

    def _is_asked_for(self, order: Order) -> bool:
        return any(
            not isinstance(request, CancelAll) and self.order_named(request) is order
            for _, request in self.memory.requests(order.received.account)
        )

    def held(self) -> Counter[tuple[int, int]]:
        """Return what open orders and pending amends hold, units by account and asset."""
        held: Counter[tuple[int, int]] = Counter(self.top_ups.held())
        for account, orders in self._open.items():
            for order in orders.values():
                held[account, order.hold_asset] += order.units(order.hold)
        return held
