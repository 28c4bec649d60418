"""From ticks, lots and units to what a client is shown."""

from collections.abc import Iterable
from decimal import Decimal

from partita.producers import events as typed
from partita.producers.answers import OwnOrder
from partita.producers.catalogue import Catalogue, Listed
from partita.producers.events import PrivateEvent
from partita.producers.views import BalanceView, OrderView, Position, RawEvent, TotalsView
from partita.schemas import accounts
from partita.schemas.accounts import Balance, OrderStatus, Total
from partita.schemas.decimals import from_steps, plain
from partita.schemas.enums import OrderState, OrderType, Side
from partita.schemas.reasons import Reason


def _reason(reason: Reason) -> Reason | None:
    return None if reason is Reason.NONE else reason


def _limit_price(listed: Listed, price: int) -> Decimal | None:
    return from_steps(price, listed.price_step) if price else None


def _position(raw: RawEvent) -> Position:
    return Position(raw.shard, raw.number)


def order_view(catalogue: Catalogue, raw: RawEvent, status: OrderStatus) -> OrderView:
    """Return an order as shown."""
    listed = catalogue.by_id(status.instrument_id)
    step, done = listed.size_step, status.state is OrderState.DONE
    hold_step = step if status.side is Side.SELL else listed.quote_unit
    unsized = status.size == 0 and status.type is OrderType.MARKET and not done
    return OrderView(
        _position(raw),
        raw.time_ms,
        status.account,
        status.order_id,
        status.client_order_id,
        listed.instrument.symbol,
        status.side,
        status.type,
        status.time_in_force,
        _limit_price(listed, status.price),
        from_steps(status.size, step) if status.size else None,
        from_steps(status.filled, step),
        None if unsized else from_steps(status.remaining, step),
        from_steps(status.hold, hold_step),
        status.state,
        status.outcome if done else None,
        _reason(status.reason) if done else None,
    )


def describe(catalogue: Catalogue, status: OrderStatus) -> str:
    """Return an order's state in words."""
    listed = catalogue.by_id(status.instrument_id)
    filled = plain(from_steps(status.filled, listed.size_step))
    name = f"order {status.order_id}"
    if status.state is not OrderState.DONE:
        return f"{name} is {status.state}, filled {filled}"
    why = "" if status.reason is Reason.NONE else f" ({status.reason})"
    return f"{name} is done: {status.outcome}{why}, filled {filled}"


def balance_view(catalogue: Catalogue, raw: RawEvent, balance: Balance) -> BalanceView:
    """Return a balance as shown."""
    asset = catalogue.asset_by_id(balance.asset_id)
    return BalanceView(
        _position(raw),
        raw.time_ms,
        asset.name,
        from_steps(balance.available, asset.unit),
        from_steps(balance.held, asset.unit),
    )


def totals_views(catalogue: Catalogue, totals: Iterable[Total]) -> dict[str, TotalsView]:
    """Return the sums over the shards of what each says of its own, by asset."""
    sums: dict[int, list[int]] = {}
    for total in totals:
        mine = sums.setdefault(total.asset_id, [0] * 5)
        for at, amount in enumerate(total[2:]):
            mine[at] += amount
    views = {}
    for asset_id, amounts in sorted(sums.items()):
        asset = catalogue.asset_by_id(asset_id)
        views[asset.name] = TotalsView(asset.name, *(from_steps(n, asset.unit) for n in amounts))
    return views


class UnknownName(KeyError):
    """An event is about an order whose symbol is not known."""

    def __init__(self, account: int, order_id: int) -> None:
        super().__init__(order_id)
        self.account = account
        self.order_id = order_id


class Translator:
    """Makes typed events; remembers each order's symbol from its start to its end."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._orders: dict[int, OwnOrder] = {}

    def learn(self, status: OrderStatus) -> None:
        """Take in what the ledger says of an order that was there before this was made."""
        order = OwnOrder(status.account, status.client_order_id, status.instrument_id)
        self._orders[status.order_id] = order

    def translate(self, raw: RawEvent) -> PrivateEvent | None:
        """Return an event as shown; None for parts of answers that are no event of their own.

        Raises:
            UnknownName: the order is not known; learn() it and call again.
        """
        event = raw.event
        head = (_position(raw), raw.time_ms, event.account)
        match event:
            case accounts.Received():
                return self._received(raw, event)
            case accounts.Accepted():
                order_id = event.order_id or None
                return typed.CommandAccepted(
                    *head, event.command_id, order_id, event.count, event.repeated
                )
            case accounts.Rejected():
                order_id = event.order_id or None
                return typed.CommandRejected(
                    *head, event.command_id, order_id, event.reason, event.repeated
                )
            case accounts.Balance():
                return typed.BalanceChanged(*head, *balance_view(self._catalogue, raw, event)[2:])
            case accounts.Opened() | accounts.Filled() | accounts.Changed() | accounts.Done():
                return self._of_order(raw, event)
            case _:
                return None

    def _received(self, raw: RawEvent, event: accounts.Received) -> typed.OrderReceived:
        listed = self._catalogue.by_id(event.instrument_id)
        if not event.repeated:
            order = OwnOrder(event.account, event.command_id, event.instrument_id)
            self._orders[event.order_id] = order
        return typed.OrderReceived(
            _position(raw),
            raw.time_ms,
            event.account,
            event.order_id,
            event.command_id,
            listed.instrument.symbol,
            event.side,
            event.type,
            event.time_in_force,
            _limit_price(listed, event.price),
            from_steps(event.size, listed.size_step) if event.size else None,
            from_steps(event.funds, listed.quote_unit) if event.funds else None,
            event.post_only,
            event.self_trade,
            event.expire_ms or None,
            event.repeated,
        )

    def _of_order(
        self,
        raw: RawEvent,
        event: accounts.Opened | accounts.Filled | accounts.Changed | accounts.Done,
    ) -> PrivateEvent:
        order = self._orders.get(event.order_id)
        if order is None:
            raise UnknownName(event.account, event.order_id)
        listed = self._catalogue.by_id(order.instrument_id)
        step, symbol = listed.size_step, listed.instrument.symbol
        where = (_position(raw), raw.time_ms)
        head = (*where, event.account, event.order_id, order.client_order_id, symbol)
        match event:
            case accounts.Opened():
                return typed.OrderOpened(*head, from_steps(event.remaining, step))
            case accounts.Filled():
                return typed.OrderFilled(
                    *head,
                    event.side,
                    event.trade_id,
                    from_steps(event.price, listed.price_step),
                    from_steps(event.size, step),
                    from_steps(event.fee, listed.quote_unit),
                    event.liquidity,
                )
            case accounts.Changed():
                price, remaining = _limit_price(listed, event.price), event.remaining
                return typed.OrderChanged(*head, price, from_steps(remaining, step))
            case accounts.Done():
                del self._orders[event.order_id]
                amounts = (from_steps(event.filled, step), from_steps(event.remaining, step))
                return typed.OrderDone(*head, event.outcome, _reason(event.reason), *amounts)
