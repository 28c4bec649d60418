"""Why a command must be rejected: the first reason that holds, by the list in schemas/reasons.py.

Written from that list and its explanations, not from the ledger. Each generator is a stretch of the
ladder: whether a reason holds, and the reason. `NONE` at the end: the command must be taken.
"""

from collections.abc import Iterable, Iterator

from histories.orders import LASTING, Order, Rates, cost_with_fee
from histories.world import World

from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer
from partita.schemas.enums import InstrumentStatus, OrderType, Question, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.limits import (
    ACCOUNT_MAX,
    AMOUNT_MAX,
    BALANCE_MAX,
    CLOCK_AHEAD_MS_MAX,
    ID_CHARACTERS_MAX,
    NOTIONAL_MAX,
    OPEN_ORDERS_MAX,
    VALID_UNTIL_AHEAD_MS_MAX,
)
from partita.schemas.reasons import Reason

Steps = Iterator[tuple[bool, Reason]]
Verdict = tuple[Reason, int]  # the reason, and the order_id that is told with it

_LIFE_MS_MAX = VALID_UNTIL_AHEAD_MS_MAX + CLOCK_AHEAD_MS_MAX


def first(*stretches: Iterable[tuple[bool, Reason]]) -> Reason:
    """Return the first reason that holds."""
    for steps in stretches:
        for holds, reason in steps:
            if holds:
                return reason
    return Reason.NONE


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_CHARACTERS_MAX and all(" " <= letter <= "~" for letter in text)


def admission(command: Command, life_ms: int, time_ms: int, shard: int, shards: int) -> Steps:
    """Give what keeps a command, valid until life_ms, from being looked at."""
    yield time_ms > life_ms, Reason.COMMAND_EXPIRED
    yield life_ms - time_ms > _LIFE_MS_MAX, Reason.VALID_UNTIL_TOO_FAR
    yield not _is_id(command.command_id), Reason.INVALID_ID
    if isinstance(command, Cancel | Amend | Inquire):
        name = command.client_order_id
        yield name != "" and not _is_id(name), Reason.INVALID_ID
    account = command.account
    yield not 0 < account <= ACCOUNT_MAX or account % shards != shard, Reason.INVALID_ACCOUNT


def place_values(place: Place, time_ms: int) -> Steps:
    """Give what is wrong with an order by itself."""
    market, fok = place.type is OrderType.MARKET, place.time_in_force is TimeInForce.FOK
    market_buy = market and place.side is Side.BUY
    lasting = place.time_in_force in LASTING
    yield (place.price != 0 if market else place.price < 1), Reason.INVALID_PRICE
    by_funds_alone = market_buy and place.funds != 0 and place.size == 0
    yield place.size < 1 and not by_funds_alone, Reason.INVALID_SIZE
    yield not 0 <= place.funds <= (AMOUNT_MAX if market_buy else 0), Reason.INVALID_FUNDS
    yield market and lasting, Reason.INVALID_COMBINATION
    yield place.post_only and not lasting, Reason.INVALID_COMBINATION
    yield fok and place.size == 0, Reason.INVALID_COMBINATION
    if place.time_in_force is TimeInForce.GTT:
        yield place.expire_ms <= time_ms, Reason.INVALID_EXPIRY
    else:
        yield place.expire_ms != 0, Reason.INVALID_EXPIRY


def limits(rules: Instrument, side: Side, price: int, size: int, rate_ppm: int) -> Steps:
    """Give what the symbol's rules forbid."""
    yield rules.status is InstrumentStatus.HALTED, Reason.NOT_TRADING
    yield price > rules.max_price, Reason.PRICE_TOO_HIGH
    yield 0 < size < rules.min_size, Reason.SIZE_TOO_SMALL
    yield size > rules.max_size, Reason.SIZE_TOO_LARGE
    cost = price * size * rules.notional_unit
    most = cost_with_fee(cost, rate_ppm) if side is Side.BUY else cost
    yield most > NOTIONAL_MAX or size * rules.lot > AMOUNT_MAX, Reason.NOTIONAL_TOO_LARGE


def place_hold(world: World, place: Place, rules: Instrument) -> int:
    """Return what an order must reserve: quote units (buy) or lots (sell)."""
    if place.side is Side.SELL:
        return place.size
    if place.type is OrderType.LIMIT:
        cost = place.price * place.size * rules.notional_unit
        return cost_with_fee(cost, max(rules.maker_fee_ppm, rules.taker_fee_ppm))
    available = world.funds.balance(place.account, rules.quote_asset_id).available
    return place.funds or min(available, NOTIONAL_MAX)


def place(world: World, command: Place, rules: Instrument | None) -> Reason:
    """Return why an order must be rejected under some rules of its symbol (None: not listed)."""
    if rules is None:
        return Reason.UNKNOWN_INSTRUMENT
    account, side = command.account, command.side
    rate_ppm = max(rules.maker_fee_ppm, rules.taker_fee_ppm)

    def funds() -> Steps:
        sell = side is Side.SELL
        hold = place_hold(world, command, rules)
        asset_id = rules.base_asset_id if sell else rules.quote_asset_id
        available = world.funds.balance(account, asset_id).available
        yield hold == 0, Reason.INSUFFICIENT_FUNDS
        yield (hold * rules.lot if sell else hold) > available, Reason.INSUFFICIENT_FUNDS

    return first(
        place_values(command, world.time_ms),
        [(not world.funds.is_open(account), Reason.UNKNOWN_ACCOUNT)],
        limits(rules, side, command.price, command.size, rate_ppm),
        [(world.open_count(account) >= OPEN_ORDERS_MAX, Reason.TOO_MANY_OPEN_ORDERS)],
        funds(),
    )


def transfer(world: World, command: Transfer) -> Iterator[Reason]:
    """Give why a transfer may be rejected; NONE: it may be taken."""
    asset_id, amount = command.asset_id, command.amount
    if world.rules.may_not_know(world.shard, asset_id):
        yield Reason.UNKNOWN_ASSET
    if asset_id not in set(world.rules.assets()):
        return
    balance = world.funds.balance(command.account, asset_id)
    beyond = balance.available + balance.held + amount > BALANCE_MAX
    is_open = world.funds.is_open(command.account)
    yield first(
        [
            (amount == 0 or abs(amount) > AMOUNT_MAX, Reason.INVALID_AMOUNT),
            (not is_open and amount < 0, Reason.UNKNOWN_ACCOUNT),
            (beyond, Reason.INVALID_AMOUNT),
            (balance.available + amount < 0, Reason.INSUFFICIENT_FUNDS),
        ]
    )


def _names(world: World, command: Cancel | Amend | Inquire) -> Steps:
    names = (command.order_id != 0) + (command.client_order_id != "")
    yield names != 1, Reason.INVALID_COMBINATION
    yield not world.funds.is_open(command.account), Reason.UNKNOWN_ACCOUNT


def cancel(world: World, command: Cancel) -> Iterator[Verdict]:
    """Give how a cancel may be judged."""
    reason = first(_names(world, command))
    if reason is not Reason.NONE:
        yield reason, 0
        return
    for order in world.named(command):
        if order is None:
            yield Reason.UNKNOWN_ORDER, 0
        elif order.is_done:
            yield Reason.ORDER_DONE, order.received.order_id
        else:
            yield Reason.NONE, 0


def cancel_all(world: World, command: CancelAll) -> Iterator[Reason]:
    """Give how a cancel-all may be judged."""
    for _, rules in world.rules.possible(world.shard, command.instrument_id):
        yield first(
            [
                (rules is None, Reason.UNKNOWN_INSTRUMENT),
                (not world.funds.is_open(command.account), Reason.UNKNOWN_ACCOUNT),
            ]
        )


def top_up(order: Order, amend: Amend, rates: Rates) -> int:
    """Return what the hold lacks for the amended order, in the hold's own measure."""
    return max(0, order.need(amend.price, amend.size - order.filled, rates) - order.hold)


def amend(world: World, command: Amend) -> Iterator[Verdict]:
    """Give how the ledger may judge an amend at this moment, the book left aside."""
    reason = first(
        [(command.price < 1, Reason.INVALID_PRICE), (command.size < 1, Reason.INVALID_SIZE)],
        _names(world, command),
    )
    if reason is not Reason.NONE:
        yield reason, 0
        return
    for order in world.named(command):
        if order is None:
            yield Reason.UNKNOWN_ORDER, 0
        elif order.is_market:
            yield Reason.INVALID_COMBINATION, order.received.order_id
        elif order.is_done:
            yield Reason.ORDER_DONE, order.received.order_id
        else:
            for rules in world.rules.listed(world.shard, order.received.instrument_id):
                for rates in order.rates:
                    yield _amend(world, command, order, rules, rates), order.received.order_id


def _amend(world: World, command: Amend, order: Order, rules: Instrument, rates: Rates) -> Reason:
    lacks = top_up(order, command, rates)
    account, asset_id = command.account, order.hold_asset
    pending, _ = world.top_ups.of_order(account, asset_id, order.received.order_id)
    together = order.units(order.hold + lacks) + pending
    available = world.funds.balance(account, asset_id).available
    return first(
        limits(rules, order.received.side, command.price, command.size, max(rates)),
        [
            (together > order.units(NOTIONAL_MAX), Reason.NOTIONAL_TOO_LARGE),
            (order.units(lacks) > available, Reason.INSUFFICIENT_FUNDS),
            (command.size <= order.filled, Reason.SIZE_ALREADY_FILLED),
        ],
    )


def book_refusals(world: World, command: Amend, order: Order, brought: int) -> Iterator[Reason]:
    """Give why the book may have refused an amend that brought so much (in the hold's measure).

    All fills before the refusal are told before it, so the order is as the book knew it then.
    """
    placed = order.received
    if order.is_done:
        yield Reason.ORDER_DONE
        return
    if world.rules.may_be_halted(world.shard, placed.instrument_id):
        yield Reason.NOT_TRADING
    if command.size <= order.filled:
        yield Reason.SIZE_ALREADY_FILLED
        return
    remaining = command.size - order.filled
    held = order.hold + brought
    lacking = [order.need(command.price, remaining, rates) > held for rates in order.rates]
    if any(lacking):
        yield Reason.TOP_UP_TOO_SMALL
    if placed.post_only and not all(lacking):
        yield Reason.POST_ONLY_WOULD_TAKE


def inquire(world: World, command: Inquire) -> Iterator[Reason]:
    """Give how an inquiry may be judged."""
    about_order = command.question is Question.ORDER
    paged = command.question is Question.OPEN_ORDERS
    named = (command.order_id != 0 and not paged) or command.client_order_id != ""
    if command.question in (Question.TOTALS, Question.POSITION):
        yield Reason.INVALID_COMBINATION if named else Reason.NONE
    elif about_order:
        reason = first(_names(world, command))
        for order in world.named(command) if reason is Reason.NONE else ():
            yield Reason.NONE if order is not None else Reason.UNKNOWN_ORDER
        if reason is not Reason.NONE:
            yield reason
    else:
        is_open = world.funds.is_open(command.account)
        yield first([(named, Reason.INVALID_COMBINATION), (not is_open, Reason.UNKNOWN_ACCOUNT)])
