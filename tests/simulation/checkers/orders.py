"""Invariants 5, 7 and 9: each order's life, as its owner is told of it."""

from dataclasses import dataclass

from simulation.checkers.base import Checker
from simulation.market import UNIT
from simulation.sightings import Noted, Seen
from simulation.venue import Venue

from partita.schemas import accounts
from partita.schemas.commands import Cancel, CancelAll, CommandBatch
from partita.schemas.enums import Liquidity, OrderType, Outcome, Side, TimeInForce
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason
from partita.schemas.topics import ACCOUNT_EVENTS

_LASTING = (TimeInForce.GTC, TimeInForce.GTT)


@dataclass
class Life:
    """An order so far."""

    received: accounts.Received
    remaining: int
    filled: int = 0
    spent: int = 0
    opened: bool = False
    done: accounts.Done | None = None


class Orders(Checker):
    """One order for each accepted id, and one end for each order."""

    name = "orders"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.lives: dict[int, Life] = {}
        self._ids: dict[tuple[int, str], int] = {}
        self._sent: set[int] = set()
        # Who asked for what: (account, order_id), (account, client_order_id), account.
        self._asked: set[tuple[int, int | str]] = set()
        self._asked_all: set[tuple[int, int]] = set()

    def note(self, noted: Noted) -> None:
        """Remember who asked to cancel what."""
        if isinstance(noted.message, CommandBatch):
            for command in noted.message.commands:
                if isinstance(command, Cancel):
                    self._asked.add((command.account, command.order_id))
                    self._asked.add((command.account, command.client_order_id))
                elif isinstance(command, CancelAll):
                    self._asked_all.add((command.account, command.instrument_id))

    def see(self, seen: Seen) -> None:
        """Follow each order."""
        event = seen.event
        if isinstance(event, NewOrder):
            self.require(event.order_id not in self._sent, f"sent twice to the book: {event}")
            self._sent.add(event.order_id)
        elif seen.edge.topic == ACCOUNT_EVENTS:
            match event:
                case accounts.Received() if not event.repeated:
                    self._received(event)
                case accounts.Opened():
                    self._opened(event)
                case accounts.Filled():
                    self._filled(event)
                case accounts.Changed():
                    self._living(event.order_id, event).remaining = event.remaining
                case accounts.Done():
                    self._done(event)

    def _received(self, event: accounts.Received) -> None:
        key = event.account, event.command_id
        other = self._ids.setdefault(key, event.order_id)
        self.require(other == event.order_id, f"{key} has orders {other} and {event.order_id}")
        self.require(event.order_id not in self.lives, f"the id was given before: {event}")
        self.lives[event.order_id] = Life(event, event.size)

    def _living(self, order_id: int, event: object) -> Life:
        life = self.lives.get(order_id)
        if life is None:
            self.fail(f"nobody placed the order of {event}")
        self.require(life.done is None, f"the order had ended before {event}")
        return life

    def _opened(self, event: accounts.Opened) -> None:
        life = self._living(event.order_id, event)
        self.require(not life.opened, f"opened twice: {event}")
        rests = life.received.type is OrderType.LIMIT
        rests = rests and life.received.time_in_force in _LASTING
        self.require(rests, f"it must never rest: {life.received}")
        self.require(event.remaining == life.remaining, f"{event}, but {life}")
        life.opened = True

    def _filled(self, event: accounts.Filled) -> None:
        life = self._living(event.order_id, event)
        took = event.liquidity is Liquidity.TAKER
        self.require(not (took and life.received.post_only), f"post-only took: {event}")
        self.require(took or life.opened, f"filled as maker before it was open: {event}")
        life.filled += event.size
        life.spent += event.price * event.size * UNIT + event.fee
        if life.received.size:
            life.remaining -= event.size
        self.require(life.remaining >= 0, f"more than all of it is filled: {event}")
        if life.received.funds and life.received.side is Side.BUY:
            within = life.spent <= life.received.funds
            self.require(within, f"{life.spent} of {life.received.funds} spent: {event}")

    def _done(self, event: accounts.Done) -> None:
        life = self._living(event.order_id, event)
        life.done = event
        received = life.received
        mine = life.filled, life.remaining
        self.require((event.filled, event.remaining) == mine, f"{event}, but {mine}")
        if event.outcome is Outcome.FILLED:
            self.require(life.filled > 0 and life.remaining == 0, f"not filled: {event}")
        else:
            open_end = received.size == 0
            self.require(open_end or life.remaining > 0, f"nothing remains, yet {event}")
            fok = received.time_in_force is TimeInForce.FOK
            self.require(not (fok and life.filled), f"a FOK filled in part: {event}")
        if event.outcome is Outcome.EXPIRED:
            # By the book's time, which the shard's does not reach when the clock has gone back.
            due = 0 < received.expire_ms <= self.venue.log.latest_ms
            self.require(due, f"{event}, not due: {received}")
        if event.reason is Reason.REQUESTED:
            self._require_asked(received)

    def _require_asked(self, received: accounts.Received) -> None:
        account = received.account
        asked = (account, received.order_id) in self._asked
        asked |= (account, received.command_id) in self._asked
        asked |= (account, received.instrument_id) in self._asked_all
        self.require(asked, f"its owner never asked to cancel {received}")

    def at_rest(self) -> None:
        """Check that the books have been given just the accepted orders."""
        odd = self._sent ^ self.lives.keys()
        self.require(not odd, f"accepted but not sent, or sent but not accepted: {sorted(odd)}")
        for life in self.lives.values():
            self.require(life.opened or life.done is not None, f"lost on its way: {life}")
