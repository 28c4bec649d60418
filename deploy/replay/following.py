"""What has become of each command of a run, from the private stream alone. No I/O, no clock."""

from array import array
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from partita.deploy.tape.row import Op
from partita.producers import RawEvent
from partita.schemas.accounts import (
    Accepted,
    Changed,
    Done,
    Filled,
    Opened,
    Received,
    Rejected,
)
from partita.schemas.enums import Outcome, Side
from partita.schemas.reasons import Reason


class Order:
    """An order of the run, as its events tell."""

    __slots__ = ("done", "filled", "price", "reserves_all", "settled", "side", "size", "under_way")

    def __init__(self, side: Side, *, reserves_all: bool) -> None:
        self.side = side
        self.reserves_all = reserves_all  # a market buy by size alone
        self.price = 0  # ticks
        self.size = 0  # lots in all
        self.filled = 0  # lots
        self.under_way = 0  # its commands that are not settled
        self.settled = False  # it rests, or has ended
        self.done = False


class Command:
    """A row of the tape that was sent."""

    __slots__ = (
        "account",
        "client_order_id",
        "limit",
        "op",
        "order",
        "planned_s",
        "settled",
        "symbol",
    )

    def __init__(
        self,
        op: Op,
        account: int,
        client_order_id: str,
        symbol: str,
        order: Order | None,
        limit: Decimal | None,
        planned_s: float,
    ) -> None:
        self.op = op
        self.account = account
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.order = order  # None: not one of this run
        self.limit = limit  # the price it may trade at, None: any
        self.planned_s = planned_s
        self.settled = False


class Following:
    """Takes the private stream; knows what is settled, and counts."""

    def __init__(self) -> None:
        self.accepted = 0
        self.rejections: Counter[str] = Counter()  # by reason
        self.settled = 0
        self.unknown = 0
        self.last_settled_s = 0.0
        self.latencies_s = array("d")  # from the planned send time to settled
        self.fills = 0
        # By instrument_id: lots and lots times ticks of trades of the run's orders, each once.
        self.volumes: Counter[int] = Counter()
        self.notionals: Counter[int] = Counter()
        self.trades: set[tuple[int, int]] = set()
        self._placing: dict[tuple[int, str], Command] = {}  # sent, and not received yet
        self._received: dict[int, Command] = {}  # by order_id: received, and not settled yet
        self._changing: dict[Command, None] = {}  # cancels and amends, in the order of sending
        self._late: dict[tuple[int, str], Command] = {}  # by command_id: given up by the client
        self._orders: dict[int, Order] = {}  # by order_id, until done
        self._names: dict[tuple[int, str], Order] = {}
        self._reserving: dict[int, Order] = {}

    def __len__(self) -> int:
        """Return how many commands are not settled."""
        return len(self._placing) + len(self._received) + len(self._changing)

    def order(self, account: int, client_order_id: str) -> Order | None:
        """Return an order of the run by its name."""
        return self._names.get((account, client_order_id))

    def add(self, command: Command) -> None:
        """Take in a command that was just sent."""
        order, key = command.order, (command.account, command.client_order_id)
        if order is not None:
            order.under_way += 1
        if command.op is not Op.PLACE:
            self._changing[command] = None
            return
        assert order is not None, "a place is of an order"
        self._placing[key] = command
        self._names[key] = order
        if order.reserves_all:
            self._reserving[command.account] = order

    def refused(self, reason: str) -> None:
        """Count a row that was refused before anything was sent."""
        self.rejections[reason] += 1

    def reserves_all(self, account: int) -> bool:
        """Whether a market buy under way has all that the account could pay with."""
        order = self._reserving.get(account)
        return order is not None and not order.settled

    def may_change(self, order: Order, price: Decimal, symbol: str) -> bool:
        """Whether something under way may fill the order (resting at a price), or amend it."""
        if order.under_way:
            return True
        for command in chain(self._placing.values(), self._received.values(), self._changing):
            taker = command.order
            if command.symbol != symbol or taker is None or command.op is Op.CANCEL:
                continue
            if taker.side is not order.side and _crosses(taker.side, command.limit, price):
                return True
        return False

    def take(self, events: Sequence[RawEvent], now_s: float) -> None:
        """Take events, those of a shard in order, that were seen at a time."""
        for raw in events:
            event = raw.event
            match event:
                case Received():
                    self._take_received(event)
                case Opened():
                    self._placed(event.order_id, Reason.NONE, now_s)
                case Filled():
                    self._filled(event)
                case Changed():
                    self._changed(event)
                case Done():
                    self._done(event, now_s)
                case Accepted():
                    self._answered(event.account, event.command_id, Reason.NONE, now_s)
                case Rejected():
                    self._answered(event.account, event.command_id, event.reason, now_s)
                case _:
                    pass

    def _take_received(self, event: Received) -> None:
        command = self._placing.pop((event.account, event.command_id), None)
        if command is None or command.order is None:
            return
        command.order.price, command.order.size = event.price, event.size
        self._received[event.order_id] = command
        self._orders[event.order_id] = command.order

    def _placed(self, order_id: int, reason: Reason, now_s: float) -> None:
        command = self._received.pop(order_id, None)
        if command is not None:
            self.settle(command, reason, now_s)

    def _filled(self, event: Filled) -> None:
        order = self._orders.get(event.order_id)
        if order is None:
            return
        order.filled += event.size
        self.fills += 1
        trade = (event.instrument_id, event.trade_id)
        if trade not in self.trades:
            self.trades.add(trade)
            self.volumes[event.instrument_id] += event.size
            self.notionals[event.instrument_id] += event.price * event.size

    def _changed(self, event: Changed) -> None:
        order = self._orders.get(event.order_id)
        if order is not None:
            order.price, order.size = event.price, order.filled + event.remaining

    def _done(self, event: Done, now_s: float) -> None:
        order = self._orders.pop(event.order_id, None)
        if order is not None:
            order.done = True
        # A fill-or-kill order that cannot be filled is refused, whatever its end is called.
        killed = event.reason is Reason.FILL_OR_KILL_UNFILLABLE
        rejected = killed or event.outcome is Outcome.REJECTED
        self._placed(event.order_id, event.reason if rejected else Reason.NONE, now_s)

    def _answered(self, account: int, command_id: str, reason: Reason, now_s: float) -> None:
        key = (account, command_id)
        command = self._placing.pop(key, None) or self._late.pop(key, None)
        if command is not None:
            self.settle(command, reason, now_s)

    def late(self, command: Command, command_id: str) -> None:
        """Take it that the client has given a command up; its answer may still come."""
        if command.op is not Op.PLACE:
            self._late[command.account, command_id] = command

    def settle(self, command: Command, reason: Reason, now_s: float) -> None:
        """Count a command as settled; cancels and amends are, when their answer has come."""
        if command.settled:
            return
        self.settled += 1
        self.last_settled_s = now_s
        self.latencies_s.append(now_s - command.planned_s)
        if reason is Reason.NONE:
            self.accepted += 1
        else:
            self.rejections[reason] += 1
        self._release(command)

    def give_up(self, command: Command) -> None:
        """Count a command whose outcome stays unknown."""
        self.unknown += 1
        self._placing.pop((command.account, command.client_order_id), None)
        self._release(command)

    def _release(self, command: Command) -> None:
        command.settled = True
        self._changing.pop(command, None)
        order = command.order
        if order is not None:
            order.under_way -= 1
            if command.op is Op.PLACE:
                order.settled = True


def _crosses(taker: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether a taker may trade with an order resting at a price."""
    if limit is None:
        return True
    return limit >= price if taker is Side.BUY else limit <= price
