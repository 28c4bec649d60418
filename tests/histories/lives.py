"""What may become of an order: opened, filled, done; and what that does to the money."""

from collections.abc import Callable

from histories.answers import require_first, sent
from histories.orders import LASTING, Order
from histories.scene import Scene, as_told, living
from histories.violation import violate

from partita.schemas.accounts import Accepted, Done, Filled, Opened
from partita.schemas.arithmetic import PPM
from partita.schemas.commands import Cancel
from partita.schemas.enums import Liquidity, OrderState, OrderType, Outcome, TimeInForce
from partita.schemas.reasons import Reason


def opened(scene: Scene, event: Opened) -> None:
    """What is left of a limit order rests, once."""
    order = living(scene, event)
    placed = order.received
    if order.opened:
        violate("it rests already")
    if placed.type is not OrderType.LIMIT or placed.time_in_force not in LASTING:
        violate(f"a {placed.type} order, {placed.time_in_force}, never rests")
    if event.remaining != order.remaining or event.remaining < 1:
        violate(f"what rests must be {order.remaining} lots")
    order.opened, order.taking = True, False
    order.state = OrderState.OPEN


def filled(scene: Scene, event: Filled) -> None:
    """A fill moves cost, fee and goods, and returns what the price has saved."""
    order = living(scene, event)
    placed = order.received
    if (event.instrument_id, event.side) != (placed.instrument_id, placed.side):
        violate(f"the order is another: {placed}")
    _require_fair(order, event)
    cost = order.cost(event.price, event.size)
    at = 0 if event.liquidity is Liquidity.MAKER else 1
    due = {rates: cost * rates[at] // PPM for rates in order.rates}
    order.rates = [rates for rates in order.rates if due[rates] == event.fee]
    if not order.rates:
        violate(f"the fee must be {' or '.join(map(str, sorted(set(due.values()))))}")
    if order.is_buy:
        _bought(scene, order, event, cost)
    else:
        _sold(scene, order, event, cost)
    order.filled += event.size
    if order.size:
        order.remaining -= event.size
    if event.liquidity is Liquidity.MAKER:
        order.taking = False


def _require_fair(order: Order, event: Filled) -> None:
    placed = order.received
    if event.size < 1 or event.price < 1 or (order.size and event.size > order.remaining):
        violate(f"{order.remaining} lots remain to be filled")
    if event.liquidity is Liquidity.MAKER:
        if not order.opened:
            violate("it makes a trade, but does not rest")
        if event.price != order.price:
            violate(f"a maker trades at its own price, {order.price}")
        return
    if not order.taking:
        violate("it takes, but rests")
    if placed.post_only:
        violate("a post-only order never takes")
    beyond = event.price > order.price if order.is_buy else event.price < order.price
    if not order.is_market and beyond:
        violate(f"the price is beyond its limit, {order.price}")


def _bought(scene: Scene, order: Order, event: Filled, cost: int) -> None:
    account, rules = event.account, order.rules
    paid, left = cost + event.fee, order.remaining - event.size
    held = {rates: order.need(order.price, left, rates) for rates in order.rates}
    if order.is_market:
        held = dict.fromkeys(order.rates, order.hold - paid)
    if min(held.values()) < 0:
        violate(f"it costs {paid} units, of which {order.hold} are reserved")
    goods = scene.next_balance(account, rules.base_asset_id, "a fill")
    scene.move(account, rules.base_asset_id, event.size * rules.lot, 0, goods)
    money = scene.next_balance(account, rules.quote_asset_id, "a fill")
    order.rates = as_told(scene, order, held, money)
    freed = order.hold - held[order.rates[0]]
    scene.world.funds.move(account, rules.quote_asset_id, 0, fee=event.fee)
    scene.move(account, rules.quote_asset_id, freed - paid, -freed, money)
    order.hold = held[order.rates[0]]


def _sold(scene: Scene, order: Order, event: Filled, cost: int) -> None:
    account, rules = event.account, order.rules
    goods = scene.next_balance(account, rules.base_asset_id, "a fill")
    scene.move(account, rules.base_asset_id, 0, -event.size * rules.lot, goods)
    order.hold -= event.size
    proceeds = cost - event.fee
    scene.world.funds.move(account, rules.quote_asset_id, 0, fee=event.fee)
    if proceeds:
        money = scene.next_balance(account, rules.quote_asset_id, "a fill")
        scene.move(account, rules.quote_asset_id, proceeds, 0, money)


def done(scene: Scene, event: Done) -> None:
    """The end: what is left is released, and a cancel that asked for it is answered."""
    order = living(scene, event)
    if (event.filled, event.remaining) != (order.filled, order.remaining):
        violate(f"{order.filled} lots were filled, and {order.remaining} remain")
    _require_right_end(scene, order, event)
    order.state, order.outcome, order.reason = OrderState.DONE, event.outcome, event.reason
    freed = order.units(order.hold)
    if freed:
        told = scene.next_balance(event.account, order.hold_asset, "the end of an order")
        scene.move(event.account, order.hold_asset, freed, -freed, told)
    order.hold = 0
    answer = scene.peek()
    if isinstance(answer, Accepted) and answer.order_id == event.order_id and not answer.repeated:
        scene.window.popleft()
        _cancelled(scene, order, event, answer)
    elif event.reason is Reason.REQUESTED:
        where = event.account, order.received.instrument_id
        if not any(scene.world.cancel_alls(*where)):
            violate("its owner never asked to cancel it")
        scene.world.swept[where] += 1
    if event.reason is Reason.SELF_TRADE:
        scene.world.decreased[event.account, order.received.instrument_id] -= 1
    scene.world.end(order)


def _cancelled(scene: Scene, order: Order, event: Done, answer: Accepted) -> None:
    asked = sent(scene, answer)
    require_first(scene, asked)
    for said in asked.contents:
        if isinstance(said.command, Cancel) and scene.world.order_named(said.command) is order:
            break
    else:
        violate(f"no cancel of this order was sent under the id of {answer}")
    if event.reason is not Reason.REQUESTED or answer.count != 1:
        violate(f"a cancel is answered, but the order ended otherwise: {answer}")
    world = scene.world
    world.memory.answered(world.shard, asked, said, answer, world.time_ms)


Rule = Callable[[Scene, Order], bool]


def _is_refused(_scene: Scene, order: Order) -> bool:
    return not order.opened and order.filled == 0


def _is_halted(scene: Scene, order: Order) -> bool:
    rules, shard = scene.world.rules, scene.world.shard
    return rules.may_be_halted(shard, order.received.instrument_id) and _is_refused(scene, order)


def _is_due(scene: Scene, order: Order) -> bool:
    due_ms = order.received.expire_ms - scene.clock_back_ms
    return order.received.time_in_force is TimeInForce.GTT and due_ms <= scene.world.time_ms


# How an order may end, and what it must be like, and have gone through, for that.
_ENDS: dict[tuple[Outcome, Reason], Rule] = {
    (Outcome.FILLED, Reason.NONE): lambda _, o: o.filled > 0 and o.remaining == 0,
    (Outcome.CANCELLED, Reason.REQUESTED): lambda _, o: o.opened,
    (Outcome.CANCELLED, Reason.SELF_TRADE): lambda _, __: True,
    (Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER): lambda _, o: (
        o.is_market or o.received.time_in_force is TimeInForce.IOC
    ),
    (Outcome.CANCELLED, Reason.NO_LIQUIDITY): lambda _, o: o.is_market and o.filled == 0,
    (Outcome.CANCELLED, Reason.FILL_OR_KILL_UNFILLABLE): lambda _, o: (
        o.received.time_in_force is TimeInForce.FOK
    ),
    (Outcome.EXPIRED, Reason.TIME_REACHED): _is_due,
    (Outcome.REJECTED, Reason.NOT_TRADING): _is_halted,
    (Outcome.REJECTED, Reason.POST_ONLY_WOULD_TAKE): lambda scene, o: (
        o.received.post_only and _is_refused(scene, o)
    ),
}


def _require_right_end(scene: Scene, order: Order, event: Done) -> None:
    """Check that an order like this may end so, and as it has gone so far."""
    rule = _ENDS.get((event.outcome, event.reason))
    right = rule is not None and rule(scene, order)
    if event.outcome is not Outcome.FILLED:
        # By funds alone nothing remains, whatever it was.
        right = right and (order.remaining > 0 or order.size == 0)
        right = right and not (order.received.time_in_force is TimeInForce.FOK and order.filled)
    if not right:
        violate(f"it cannot end so: {order.received}, {order.filled} lots filled")
