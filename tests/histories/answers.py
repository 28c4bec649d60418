"""What a shard may accept: orders and transfers; and that repeats hear the same again."""

from histories import ladder
from histories.asked import Answer, Asked, Said, digest
from histories.ladder import first
from histories.orders import Order
from histories.scene import Scene
from histories.violation import violate

from partita.schemas.accounts import Accepted, Received
from partita.schemas.commands import CancelAll, Command, Place, Transfer
from partita.schemas.enums import OrderType, Side
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason


def sent(scene: Scene, event: Answer) -> Asked:
    """Return what was sent under the id that is answered."""
    asked = scene.world.memory.find(event.account, event.command_id)
    if asked is None:
        violate("nobody sent the command that it answers")
    return asked


def require_first(scene: Scene, asked: Asked) -> None:
    """Check that no answer stands that a repeat should have got instead."""
    if asked.is_surely_known(scene.world.time_ms):
        violate("the command was answered before: it has been executed twice")


def admissions(scene: Scene, said: Said) -> list[Reason]:
    """Return what keeps each copy of a command from being looked at, NONE for nothing."""
    world = scene.world
    return [
        first(ladder.admission(said.command, life_ms, world.time_ms, world.shard, world.shards))
        for life_ms in said.lives_ms
    ]


def repeated(scene: Scene, event: Answer) -> None:
    """A repeat gets the first answer."""
    asked = sent(scene, event)
    if not asked.answer:
        violate("it answers a repeat, but the command had no first answer")
    if digest(event._replace(repeated=False)) != asked.answer:
        violate("a repeat was answered otherwise than the first time")


def received(scene: Scene, event: Received) -> None:
    """An order is taken, and its funds are reserved."""
    if event.repeated:
        repeated(scene, event)
        return
    world = scene.world
    asked = sent(scene, event)
    require_first(scene, asked)
    if event.order_id <= world.last_order_id or event.order_id % world.shards != world.shard:
        violate(f"the order's id must be new, this shard's, and above {world.last_order_id}")
    said, taken = _taken(scene, asked, event)
    sell = event.side is Side.SELL
    rules = taken[0][1]
    asset_id = rules.base_asset_id if sell else rules.quote_asset_id
    told = scene.next_balance(event.account, asset_id, "an order")
    lot = rules.lot if sell else 1
    holds = sorted({hold * lot for _, _, hold in taken})
    units = told.held - world.funds.balance(event.account, asset_id).held
    taken = [one for one in taken if one[2] * lot == units]
    if not taken:
        violate(f"it must reserve {' or '.join(map(str, holds))} units, and reserves {units}")
    index, rules, hold = taken[0]
    market_buy = event.type is OrderType.MARKET and not sell
    if event.funds != (hold if market_buy else 0):
        violate(f"its funds must be {hold if market_buy else 0}")
    scene.move(event.account, asset_id, -units, units, told)
    world.rules.seen(world.shard, event.instrument_id, index)
    rates = list(dict.fromkeys((r.maker_fee_ppm, r.taker_fee_ppm) for _, r, _ in taken))
    world.memory.answered(world.shard, asked, said, event, world.time_ms)
    world.add(Order(event, rules, rates, hold))


Taken = tuple[int, Instrument, int]  # index of the rules it was taken under, they, and the hold


def _taken(scene: Scene, asked: Asked, event: Received) -> tuple[Said, list[Taken]]:
    """Return which content was taken, and under which rules that was right."""
    reasons: set[Reason] = set()
    for said in asked.contents:
        command = said.command
        if not isinstance(command, Place) or not _is_as_placed(event, command):
            continue
        admitted = admissions(scene, said)
        if Reason.NONE not in admitted:
            reasons.update(admitted)
            continue
        found: list[Taken] = []
        for index, rules in scene.world.rules.possible(scene.world.shard, event.instrument_id):
            reason = ladder.place(scene.world, command, rules)
            if reason is not Reason.NONE or rules is None:
                reasons.add(reason)
            else:
                found.append((index, rules, ladder.place_hold(scene.world, command, rules)))
        if found:
            return said, found
    command = asked.contents[0].command
    not_sent = f"no order like this was sent under its id: {command}"
    return violate(
        f"it was accepted, but must be rejected: {_or(reasons)}" if reasons else not_sent
    )


def _is_as_placed(event: Received, place: Place) -> bool:
    flags = (place.post_only, place.self_trade, place.expire_ms)
    told = (event.post_only, event.self_trade, event.expire_ms)
    return flags == told and event[3:9] == place[3:9]


def _or(reasons: set[Reason]) -> str:
    return " or ".join(sorted(reasons))


def accepted(scene: Scene, event: Accepted) -> None:
    """A transfer took place, or a cancel-all is done; others are told behind what they did."""
    if event.repeated:
        repeated(scene, event)
        return
    if event.order_id:
        violate("nothing has happened to the order that a command asked for")
    asked = sent(scene, event)
    require_first(scene, asked)
    for said in asked.contents:
        command = said.command
        if isinstance(command, Transfer) and _moved(scene, said, command):
            break
        if isinstance(command, CancelAll) and _swept(scene, event, command):
            break
    else:
        violate(f"nothing like this was sent under its id: {asked.contents[0].command}")
    scene.world.memory.answered(scene.world.shard, asked, said, event, scene.world.time_ms)


def _moved(scene: Scene, said: Said, command: Transfer) -> bool:
    """Let a transfer take place, unless another command of its id must be the one."""
    world, account, asset_id = scene.world, command.account, command.asset_id
    contents = sent_contents(scene, command)
    reasons = {*admissions(scene, said), *ladder.transfer(world, command)}
    told = scene.peek()
    before = world.funds.balance(account, asset_id)
    after = before._replace(available=before.available + command.amount)
    if len(contents) > 1 and told != after:
        return False
    may = Reason.NONE in admissions(scene, said) and Reason.NONE in ladder.transfer(world, command)
    if not may:
        violate(f"it was accepted, but must be rejected: {_or(reasons - {Reason.NONE})}")
    told = scene.next_balance(account, asset_id, "a transfer")
    world.funds.open(account)
    world.funds.move(account, asset_id, 0, external=-command.amount)
    scene.move(account, asset_id, command.amount, 0, told)
    return True


def sent_contents(scene: Scene, command: Command) -> list[Said]:
    """Return all contents that were sent under a command's id."""
    asked = scene.world.memory.find(command.account, command.command_id)
    return [] if asked is None else asked.contents


def _swept(scene: Scene, event: Accepted, command: CancelAll) -> bool:
    """Let a cancel-all be done: the cancels before it are its own."""
    where = command.account, command.instrument_id
    swept = scene.world.swept[where]
    if event.count != swept:
        if len(sent_contents(scene, command)) > 1:
            return False
        violate(f"{swept} orders were cancelled for it, not {event.count}")
    del scene.world.swept[where]
    return True
