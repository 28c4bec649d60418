"""How a shard may refuse: for the first reason that holds, and without any effect."""

from collections.abc import Iterator
from itertools import islice

from histories import ladder
from histories.answers import admissions, repeated, require_first, sent
from histories.asked import Asked, Said
from histories.ladder import Verdict, first
from histories.scene import Scene
from histories.violation import violate

from partita.schemas.accounts import OrderStatus, Rejected
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer
from partita.schemas.reasons import Reason

# Rejected for these, an id is not remembered: what came before the look-up, or is a quarrel of it.
_PASSING = (
    Reason.DUPLICATE_ID,
    Reason.COMMAND_EXPIRED,
    Reason.INVALID_ID,
    Reason.INVALID_ACCOUNT,
)
# What a client may be told whose clock is off, before it begins to say anything.
_CLOCK = (Reason.COMMAND_EXPIRED, Reason.VALID_UNTIL_TOO_FAR)


def given_back(scene: Scene, returned: int) -> None:
    """What an amend had brought is available again: the book's refusal must follow."""
    event = scene.peek()
    status = None
    if isinstance(event, OrderStatus):
        status, event = event, scene.peek(1)
    if not isinstance(event, Rejected) or event.repeated:
        violate(f"{returned} units are released that nothing has freed; then comes {event}")
    scene.window.popleft()
    if status is not None:
        scene.window.popleft()
    rejected(scene, event, status, returned)


def rejected(
    scene: Scene, event: Rejected, status: OrderStatus | None = None, returned: int = 0
) -> None:
    """A command is refused; it has, and had, no effect."""
    world = scene.world
    if event.repeated:
        repeated(scene, event)
        return
    asked = world.memory.find(event.account, event.command_id)
    if asked is None and event.reason in _CLOCK:
        return  # a client that is not in this history compares clocks; this changes nothing
    asked = sent(scene, event)
    if event.reason is Reason.DUPLICATE_ID:
        if not asked.may_be_used_otherwise():
            violate("its id was used for nothing else")
        return
    if event.account % world.shards == world.shard:
        require_first(scene, asked)
    said = _refused(scene, asked, event, returned)
    if (status is not None) != (event.reason is Reason.ORDER_DONE):
        violate(f"the final state of an order is told when it is done, and only then: {status}")
    if isinstance(said.command, Amend):
        _require_brought(scene, event, said.command, returned)
    if status is not None:
        require_status(scene, status)
    _remember(scene, asked, said, event)


def _remember(scene: Scene, asked: Asked, said: Said, event: Rejected) -> None:
    world = scene.world
    if isinstance(said.command, Inquire):
        world.memory.forget_later(world.shard, (event.account, event.command_id), world.time_ms)
    elif _is_remembered(scene, event, said.command):
        world.memory.answered(world.shard, asked, said, event, world.time_ms)


def _refused(scene: Scene, asked: Asked, event: Rejected, returned: int) -> Said:
    """Return the content for which this refusal is right."""
    verdicts = {said: set(_verdicts(scene, said, returned)) for said in asked.contents}
    fits = [said for said, mine in verdicts.items() if (event.reason, event.order_id) in mine]
    if not fits:
        right = sorted({verdict for mine in verdicts.values() for verdict in mine})
        names = ["taken" if reason is Reason.NONE else f"{reason} ({n})" for reason, n in right]
        command = asked.contents[0].command
        violate(f"it must be one of: {', '.join(names) or 'no answer'}; {command}")
    commands = [said for said in fits if not isinstance(said.command, Inquire)]
    # An inquiry under the id of a command: it cannot be told which of them was refused.
    asked.is_doubtful = asked.is_doubtful or 0 < len(commands) < len(fits)
    return commands[0] if commands else fits[0]


def _verdicts(scene: Scene, said: Said, returned: int) -> Iterator[Verdict]:
    yield from _by_book(scene, said.command, returned)
    if returned:
        return  # what has brought something was taken
    for reason in admissions(scene, said):
        if reason is Reason.NONE:
            yield from _ladder(scene, said.command)
        else:
            yield reason, 0


def _by_book(scene: Scene, command: Command, returned: int) -> Iterator[Verdict]:
    """Give why the book may have refused what the ledger had passed to it."""
    if not isinstance(command, Cancel | Amend):
        return
    order = scene.world.order_named(command)
    if order is None:
        return
    if isinstance(command, Cancel):
        reasons = [Reason.ORDER_DONE] if order.is_done else []
    else:
        brought = returned if order.is_buy else returned // order.rules.lot
        reasons = list(ladder.book_refusals(scene.world, command, order, brought))
    yield from ((reason, order.received.order_id) for reason in reasons)


def _ladder(scene: Scene, command: Command) -> Iterator[Verdict]:
    world = scene.world
    match command:
        case Place():
            for _, rules in world.rules.possible(world.shard, command.instrument_id):
                yield ladder.place(world, command, rules), 0
        case Cancel():
            yield from ladder.cancel(world, command)
        case Amend():
            yield from ladder.amend(world, command)
        case CancelAll():
            yield from ((reason, 0) for reason in ladder.cancel_all(world, command))
        case Transfer():
            yield from ((reason, 0) for reason in ladder.transfer(world, command))
        case Inquire():
            yield from ((reason, 0) for reason in ladder.inquire(world, command))


def _require_brought(scene: Scene, event: Rejected, command: Amend, returned: int) -> None:
    """Check that an amend gives back all that it had brought."""
    order = scene.world.order_named(command)
    if order is None:
        return
    top_ups, account, asset_id = scene.world.top_ups, event.account, order.hold_asset
    key = account, event.command_id
    amounts = sorted(top_ups.amounts(account, asset_id, key))
    if not top_ups.answered(account, asset_id, key, returned):
        violate(f"{returned} units are given back of what it had brought, one of {amounts}")


def _is_remembered(scene: Scene, event: Rejected, command: Command) -> bool:
    if event.reason in _PASSING:
        return False
    world = scene.world
    # Valid for too long, and the names on it are wrong, too: then there is nothing to remember.
    names = islice(ladder.admission(command, 0, 0, world.shard, world.shards), 2, None)
    return first(names) is Reason.NONE


def require_status(scene: Scene, event: OrderStatus) -> None:
    """Check what an account is told of an order of its own."""
    world = scene.world
    order = world.orders.get(event.order_id)
    if order is None or order.received.account != event.account:
        violate("the account has no such order")
    expected = order.status(event.hold)
    if not order.is_done:
        expected = expected._replace(outcome=event.outcome)  # meaningful when done
    if event != expected:
        violate(f"it must be {expected}")
    least, most = world.top_ups.of_order(event.account, order.hold_asset, event.order_id)
    if not least <= order.units(event.hold - order.hold) <= most:
        violate(f"it holds {order.hold}, and from {least} to {most} units more for its amends")
