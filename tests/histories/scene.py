"""What the judges of one shard's events share: what must be, and the events that wait."""

from collections import deque
from typing import NamedTuple

from histories.orders import Order, Rates
from histories.violation import violate
from histories.world import World

from partita.schemas.accounts import AccountEvent, Balance, Changed, Done, Filled, Opened


class Told(NamedTuple):
    """An event of a shard, and where it stands."""

    number: int
    time_ms: int
    event: AccountEvent


class Scene:
    """See the module."""

    def __init__(self, world: World, *, strangers: bool, clock_back_ms: int) -> None:
        self.world = world
        self.strangers = strangers  # the shard has accounts of which nothing is known
        self.clock_back_ms = clock_back_ms  # how far the log's clock may be behind another's
        self.window: deque[Told] = deque()
        self.parts: list[AccountEvent] = []  # what an inquiry was told so far

    def peek(self, at: int = 0) -> AccountEvent | None:
        """Return the next event, or one after it; None when it has not come."""
        return self.window[at].event if at < len(self.window) else None

    def next_balance(self, account: int, asset_id: int, why: str) -> Balance:
        """Take the next event, which must be this balance."""
        event = self.peek()
        if not isinstance(event, Balance) or event[:2] != (account, asset_id):
            told = "nothing" if event is None else repr(event)
            violate(
                f"{why} changes the balance of asset {asset_id}, which must be told next: {told}"
            )
        self.window.popleft()
        return event

    def move(self, account: int, asset_id: int, available: int, held: int, told: Balance) -> None:
        """Change a balance, of which the owner was told this."""
        self.world.funds.move(account, asset_id, available, held)
        expected = self.world.funds.balance(account, asset_id)
        if told != expected:
            violate(f"it must leave {expected}, but the account was told {told}")


def living(scene: Scene, event: Opened | Filled | Changed | Done) -> Order:
    """Return the order of an event; nothing may happen to one that has ended."""
    order = scene.world.orders.get(event.order_id)
    if order is None or order.received.account != event.account:
        violate("the account has no such order")
    if order.is_done:
        violate(f"the order had ended: {order.outcome} ({order.reason})")
    return order


def as_told(scene: Scene, order: Order, held: dict[Rates, int], told: Balance) -> list[Rates]:
    """Return the rates under which the order holds what its balance says; all if under none."""
    before = scene.world.funds.balance(told.account, told.asset_id).held
    right = [
        rates
        for rates, hold in held.items()
        if before - order.units(order.hold - hold) == told.held
    ]
    return right or list(held)
