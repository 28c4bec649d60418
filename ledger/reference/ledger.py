"""The state of a reference shard, and the steps that its commands and reports share."""

from dataclasses import dataclass, field

from partita.ledger.abc import ShardOutput
from partita.ledger.reference.journal import Journal, Line
from partita.ledger.reference.memory import Memory
from partita.ledger.reference.orders import Order, Orders
from partita.ledger.state import Answer, RequestRecord
from partita.schemas.accounts import Balance, Received, Rejected
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire
from partita.schemas.enums import OrderState, Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import ID_MARGIN_MS
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_SELL = Side.SELL
_DONE = OrderState.DONE


@dataclass(slots=True)
class Ledger:
    """All that a shard knows."""

    shard: int
    shards: int
    time_ms: int = 0
    order_count: int = 0
    request_count: int = 0
    instruments: dict[int, Instrument] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    orders: Orders = field(default_factory=Orders)
    requests: dict[int, RequestRecord] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    def advance(self, time_ms: int) -> None:
        """Let time pass, and drop some of what has ended; an order goes with the id it has."""
        if time_ms > self.time_ms:
            self.time_ms = time_ms
            self.memory.advance(time_ms)
        for answer in self.memory.forget():
            if isinstance(answer, Received):
                self.orders.forget(answer.order_id)

    def remembers(self, order: Order) -> bool:
        """Return whether the id that placed an order has not ended, and the order with it."""
        if order.state is not _DONE:
            return True
        known = self.memory.find(order.account, order.client_order_id)
        answer = None if known is None else known.answer  # of another command, perhaps
        return isinstance(answer, Received) and answer.order_id == order.order_id

    def find_order(self, order_id: int) -> Order | None:
        """Return an order, open or remembered."""
        order = self.orders.find(order_id)
        return order if order is not None and self.remembers(order) else None

    def undone(self, order_id: int, instrument_id: int) -> Order:
        """Return an order that a book reports on."""
        order = self.find_order(order_id)
        assert order is not None, f"order {order_id} is unknown"
        assert order.state is not _DONE, f"order {order_id} is done"
        assert order.instrument_id == instrument_id, f"order {order_id} is in another book"
        return order

    def remember(self, command: Command, answer: Answer | None, *, pinned: bool) -> None:
        """Take a new command into the memory, with its answer if there is one yet."""
        keep_until_ms = command.valid_until_ms + ID_MARGIN_MS
        self.memory.remember(command, keep_until_ms, answer, pinned=pinned)

    def reject(self, command: Command, reason: Reason, order_id: int = 0) -> Rejected:
        """Answer no, and remember it."""
        answer = Rejected(command.account, command.command_id, reason, order_id, repeated=False)
        self.remember(command, answer, pinned=False)
        return answer

    def named_order(self, command: Cancel | Amend | Inquire) -> Order | None:
        """Return the order that a command names, if it is the account's own."""
        order_id = command.order_id
        if command.client_order_id:
            known = self.memory.find(command.account, command.client_order_id)
            if known is None or not isinstance(known.answer, Received):
                return None
            order_id = known.answer.order_id
        order = self.find_order(order_id)
        return order if order is not None and order.account == command.account else None

    def balance(self, account: int, asset_id: int) -> Balance:
        """Return an account's balance of an asset as its owner is told."""
        funds = self.journal.funds(account, asset_id)
        return Balance(account, asset_id, funds.available, funds.held)

    def move_hold(self, order: Order, amount: int) -> Balance:
        """Move from available to held (or back, below 0), in the units of the order's hold."""
        instrument = self.instruments[order.instrument_id]
        if order.side is _SELL:
            asset_id, units = instrument.base_asset_id, amount * instrument.lot
        else:
            asset_id, units = instrument.quote_asset_id, amount
        line = Line(asset_id, available=-units, held=units)
        self.journal.post(order.account, order.instrument_id, line)
        return self.balance(order.account, asset_id)

    def ask(
        self,
        command: Cancel | Amend | CancelAll,
        instrument_id: int,
        order: Order | None,
        top_up: int,
    ) -> int:
        """Number a request to a book and remember it as pending; return the number."""
        self.request_count += 1
        self.requests[self.request_count] = RequestRecord(
            request=self.request_count,
            account=command.account,
            command_id=command.command_id,
            instrument_id=instrument_id,
            order_id=0 if order is None else order.order_id,
            top_up=top_up,
        )
        if order is not None:
            order.requests += 1
            order.top_up += top_up
        self.remember(command, None, pinned=True)
        return self.request_count

    def take_request(self, request: int, instrument_id: int, order_id: int) -> RequestRecord:
        """Take out a request that its book has answered; the order is 0 for a cancel-all."""
        asked = self.requests.pop(request)
        assert asked.instrument_id == instrument_id, "a request is answered by its book"
        assert asked.order_id == order_id, "a request is answered for its order"
        if order_id:
            order = self.find_order(order_id)
            assert order is not None, "an order outlives the requests about it"
            order.requests -= 1
            order.top_up -= asked.top_up
            self.retire(order)
        return asked

    def answer(self, asked: RequestRecord, answer: Answer) -> Answer:
        """Take the answer to a request into the memory, and return it."""
        self.memory.answer(asked.account, asked.command_id, answer, self.time_ms)
        return answer

    def retire(self, order: Order) -> None:
        """Let a done order without pending requests be forgotten, a margin from now."""
        if order.state is _DONE and not order.requests:
            keep_until_ms = self.time_ms + ID_MARGIN_MS
            self.memory.release(order.account, order.client_order_id, keep_until_ms)


def refused(*events: Rejected) -> ShardOutput:
    """Return the output of a command that nothing came of."""
    return ShardOutput((), events)
