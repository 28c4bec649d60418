"""How an order may change: by an amend of its owner, or by self-trade prevention."""

from histories.answers import require_first, sent
from histories.asked import Said
from histories.orders import Order
from histories.scene import Scene, as_told, living
from histories.violation import violate

from partita.schemas.accounts import Accepted, Balance, Changed
from partita.schemas.commands import Amend


def changed(scene: Scene, event: Changed) -> None:
    """An amend took effect, or self-trade prevention has decreased the order."""
    order = living(scene, event)
    if event.remaining < 1:
        violate("an order of which nothing remains is done")
    balance = scene.peek()
    if isinstance(balance, Balance) and balance[:2] == (event.account, order.hold_asset):
        answer = scene.peek(1)
    else:
        balance, answer = None, balance
    by_amend = isinstance(answer, Accepted) and not answer.repeated
    if isinstance(answer, Accepted) and by_amend and answer.order_id == event.order_id:
        for _ in range(1 if balance is None else 2):
            scene.window.popleft()
        _amended(scene, order, event, balance, answer)
    else:
        _decreased(scene, order, event)


def _amended(
    scene: Scene, order: Order, event: Changed, told: Balance | None, answer: Accepted
) -> None:
    world, account, asset_id = scene.world, event.account, order.hold_asset
    asked = sent(scene, answer)
    require_first(scene, asked)
    said = _amend_of(scene, order, event, asked.contents)
    if said is None or answer.count != 1:
        violate(f"no amend to this was sent under the id of {answer}")
    before = world.funds.balance(account, asset_id)
    freed = 0 if told is None else before.held - told.held
    if told is not None and freed <= 0:
        violate(f"an accepted amend frees what is not needed, it takes nothing more: {told}")
    key = answer.account, answer.command_id
    amounts = sorted(world.top_ups.amounts(account, asset_id, key), reverse=True)
    right = [
        (rates, brought)
        for brought in amounts
        for rates in order.rates
        if order.units(order.hold - order.need(event.price, event.remaining, rates)) + brought
        == freed
    ]
    if not right or not world.top_ups.answered(account, asset_id, key, right[0][1]):
        needs = sorted({order.need(event.price, event.remaining, r) for r in order.rates})
        violate(
            f"{freed} units are freed; {order.units(order.hold)} were held and one of {amounts}"
            f" brought, and it needs {[order.units(need) for need in needs]}"
        )
    order.rates = [rates for rates, brought in right if brought == right[0][1]]
    if told is not None:
        scene.move(account, asset_id, freed, -freed, told)
    # Less of it at the same price keeps its place; anything else comes in again.
    size = order.filled + event.remaining
    order.taking = order.taking or event.price != order.price or size >= order.size
    order.hold = order.need(event.price, event.remaining, order.rates[0])
    order.price, order.size, order.remaining = event.price, size, event.remaining
    world.memory.answered(world.shard, asked, said, answer, world.time_ms)


def _amend_of(scene: Scene, order: Order, event: Changed, contents: list[Said]) -> Said | None:
    for said in contents:
        command = said.command
        if (
            isinstance(command, Amend)
            and scene.world.order_named(command) is order
            and (command.price, command.size - order.filled) == (event.price, event.remaining)
        ):
            return said
    return None


def _decreased(scene: Scene, order: Order, event: Changed) -> None:
    if event.price != order.price or not event.remaining < order.remaining:
        violate(f"no amend asked for it, and {order.remaining} lots at {order.price} remain")
    held = {rates: order.need(order.price, event.remaining, rates) for rates in order.rates}
    if not order.is_market or not order.is_buy:
        told = scene.next_balance(event.account, order.hold_asset, "a decrease")
        order.rates = as_told(scene, order, held, told)
        hold = held[order.rates[0]]
        freed = order.units(order.hold - hold)
        scene.move(event.account, order.hold_asset, freed, -freed, told)
        order.hold = hold
    order.size, order.remaining = order.filled + event.remaining, event.remaining
    scene.world.decreased[event.account, order.received.instrument_id] += 1
