"""What an inquiry is told: balances, orders, totals, each as it is at that very number."""

from histories import answers, refusals
from histories.ladder import top_up
from histories.orders import Order
from histories.scene import Scene
from histories.topups import Key
from histories.violation import violate

from partita.schemas.accounts import Answered, Balance, OrderStatus, Rejected, Total
from partita.schemas.commands import Amend, Inquire
from partita.schemas.enums import Question
from partita.schemas.limits import OPEN_ORDERS_PAGE
from partita.schemas.reasons import Reason


def balance(scene: Scene, event: Balance) -> None:
    """A balance by itself: part of an answer, or what an amend brings or gets back."""
    funds = scene.world.funds
    now = funds.balance(event.account, event.asset_id)
    held = event.held - now.held
    if event == now:
        scene.parts.append(event)
    elif event.available + event.held != now.available + now.held or scene.parts:
        violate(f"it must be {now}")
    elif held > 0:
        _brought(scene, event, held)
    else:
        funds.move(event.account, event.asset_id, -held, held)
        refusals.given_back(scene, -held)


def _brought(scene: Scene, event: Balance, amount: int) -> None:
    """Something is held that was available: an amend's top-up."""
    world = scene.world
    candidates: dict[Key, int] = {}
    for key, amend in world.memory.requests(event.account):
        order = world.order_named(amend) if isinstance(amend, Amend) else None
        if not isinstance(amend, Amend) or order is None or order.hold_asset != event.asset_id:
            continue
        if _may_lack(order, amend, amount):
            candidates[key] = order.received.order_id
    if not world.top_ups.brought(event.account, event.asset_id, amount, candidates):
        violate(f"{amount} units are held that no order and no amend needs")
    world.funds.move(event.account, event.asset_id, -amount, amount)


def _may_lack(order: Order, amend: Amend, amount: int) -> bool:
    if order.is_done or order.is_market:
        return False
    return any(order.units(top_up(order, amend, rates)) == amount for rates in order.rates)


def order_status(scene: Scene, event: OrderStatus) -> None:
    """An order by itself: part of an answer, or the final state behind a late cancel."""
    answer = scene.peek()
    late = isinstance(answer, Rejected) and answer.reason is Reason.ORDER_DONE
    if isinstance(answer, Rejected) and late and answer.order_id == event.order_id:
        scene.window.popleft()
        refusals.rejected(scene, answer, event)
    else:
        refusals.require_status(scene, event)
        scene.parts.append(event)


def total(scene: Scene, event: Total) -> None:
    """A shard's own sums add up to zero, and are what its accounts sum to."""
    if sum(event[2:]) != 0:
        violate(f"it adds up to {sum(event[2:])}, not to 0")
    expected = scene.world.funds.total(event.account, event.asset_id)
    if not scene.strangers and event != expected:
        violate(f"it must be {expected}")
    scene.parts.append(event)


def answered(scene: Scene, event: Answered) -> None:
    """The end of an answer: just what was asked for stands before it."""
    parts, scene.parts = scene.parts, []
    if any(part.account != event.account for part in parts):
        violate(f"others' affairs were told: {parts}")
    if event.count != len(parts):
        violate(f"{len(parts)} events of an answer stand before it")
    asked = scene.world.memory.find(event.account, event.command_id)
    if asked is None:
        return  # the question of a client that is not in this history, which changes nothing
    told = [part[:2] if isinstance(part, OrderStatus | Balance | Total) else None for part in parts]
    kinds = {type(part) for part in parts}
    for said in asked.contents:
        command = said.command
        if (
            isinstance(command, Inquire)
            and Reason.NONE in answers.admissions(scene, said)
            and kinds <= {_KINDS.get(command.question)}
            and _is_answer(scene, command, [one[1] for one in told if one])
        ):
            break
    else:
        violate(f"it is no answer to what was asked: {[said.command for said in asked.contents]}")
    key = event.account, event.command_id
    scene.world.memory.forget_later(scene.world.shard, key, scene.world.time_ms)


_KINDS: dict[Question, type] = {
    Question.BALANCES: Balance,
    Question.ORDER: OrderStatus,
    Question.OPEN_ORDERS: OrderStatus,
    Question.TOTALS: Total,
}


def _is_answer(scene: Scene, command: Inquire, ids: list[int]) -> bool:
    """Return whether these assets or orders are those that were asked for."""
    world, account = scene.world, command.account
    match command.question:
        case Question.BALANCES:
            if not world.funds.is_open(account):
                return False
            return ids == [one.asset_id for one in world.funds.balances(account)]
        case Question.ORDER:
            order = world.order_named(command)
            return order is not None and ids == [order.received.order_id]
        case Question.OPEN_ORDERS:
            mine = [order.received.order_id for order in world.open_of(account)]
            later = [order_id for order_id in mine if order_id > command.order_id]
            return ids == later[:OPEN_ORDERS_PAGE]
        case Question.TOTALS:
            assets = set(world.rules.assets())
            surely = {one for one in assets if not world.rules.may_not_know(world.shard, one)}
            return ids == sorted(set(ids)) and surely <= set(ids) <= assets
        case Question.POSITION:
            return ids == []
