"""Random order flow: every type of order, repeats, rubbish, and other people's orders."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from simulation.market import ACCOUNTS, BTC, ETH, LOT, SOL, UNIT, USD
from simulation.sightings import Seen
from simulation.stations import SHARDS

from partita.log.port import Outgoing
from partita.schemas.accounts import Done, Opened, Received
from partita.schemas.codec import encode
from partita.schemas.commands import (
    Amend,
    Cancel,
    CancelAll,
    Command,
    CommandBatch,
    Inquire,
    Place,
    Transfer,
)
from partita.schemas.enums import OrderType, Question, SelfTrade, Side, TimeInForce
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_of

_HUGE = (1 << 63) - 1
_RUBBISH_PLACES: tuple[dict[str, Any], ...] = (
    {"price": 0},
    {"price": -1},
    {"price": _HUGE},
    {"size": 0},
    {"size": -5},
    {"size": 1_001},
    {"size": _HUGE},
    {"funds": 7},
    {"funds": -1},
    {"instrument_id": 99},
    {"expire_ms": 5},
    {"command_id": ""},
    {"command_id": "x" * 37},
    {"command_id": "é"},
    {"account": -3},
    {"account": 1_001},  # nobody has opened it
    {"time_in_force": TimeInForce.IOC, "post_only": True},
    {"type": OrderType.MARKET, "time_in_force": TimeInForce.GTC, "price": 0},
)


class Clients:
    """All clients; what they say goes under way in two queues, and they may say it again."""

    def __init__(
        self, rng: random.Random, now_ms: Callable[[], int], appetites: Sequence[int]
    ) -> None:
        self.queues: tuple[deque[Outgoing], ...] = (deque(), deque())
        self._rng = rng
        self._now_ms = now_ms
        self._appetites = appetites  # weights of the symbols
        self._count = 0
        self._said: list[Command] = []
        self._orders: dict[int, tuple[int, int, str]] = {}  # account, order_id, client_order_id
        self._open: dict[int, None] = {}  # order_ids

    def hear(self, seen: Seen) -> None:
        """Learn the ids of orders from the private stream, and which are open."""
        event = seen.event
        if isinstance(event, Received) and not event.repeated:
            self._orders[event.order_id] = event.account, event.order_id, event.command_id
        elif isinstance(event, Opened):
            self._open[event.order_id] = None
        elif isinstance(event, Done):
            self._open.pop(event.order_id, None)

    def fund(self) -> None:
        """Give every account something to trade with."""
        for account in ACCOUNTS:
            for asset_id in (USD, BTC, ETH, SOL):
                self._send([self._transfer(account, asset_id, self._rng.randint(100, 400))])

    def act(self) -> str:
        """Send one batch; return what it was."""
        shard = self._rng.randrange(SHARDS)
        commands = self.commands(shard, self._rng.randint(1, 4))
        self._send(commands, shard)
        return f"client: {commands}"

    def commands(self, shard: int, count: int) -> list[Command]:
        """Return so many commands of a shard's accounts, unsaid."""
        accounts = [account for account in ACCOUNTS if shard_of(account, SHARDS) == shard]
        return [self._command(self._rng.choice(accounts)) for _ in range(count)]

    def _send(self, commands: list[Command], shard: int | None = None) -> None:
        if shard is None:
            shard = shard_of(commands[0].account, SHARDS)
        self._said += commands
        value = encode(CommandBatch(b"", tuple(commands)))
        self._rng.choice(self.queues).append(Outgoing(ACCOUNT_COMMANDS, shard, None, value))

    def _head(self, account: int) -> tuple[int, str, int]:
        self._count += 1
        life_ms = self._rng.choices((60_000, 30_000, 2_000, -1, 70_000), (20, 20, 8, 1, 1))[0]
        return account, f"c{self._count}", self._now_ms() + life_ms

    def _transfer(self, account: int, asset_id: int, lots: int) -> Transfer:
        # Coins are lent by the lot, dollars by what a lot costs.
        unit = 100 * UNIT if asset_id == USD else LOT
        return Transfer(*self._head(account)[:2], self._now_ms() + 60_000, asset_id, lots * unit)

    def _command(self, account: int) -> Command:
        rng = self._rng
        kind = rng.choices(
            ("place", "cancel", "amend", "cancel_all", "inquire", "transfer", "again", "rubbish"),
            (58, 10, 14, 2, 3, 3, 6, 4),
        )[0]
        match kind:
            case "cancel":
                return Cancel(*self._head(account), *self._named(account))
            case "amend":
                size = rng.choice((rng.randint(1, 25), rng.randint(1, 25), rng.randint(0, 6)))
                named = self._named(account)
                return Amend(*self._head(account), *named, rng.randint(95, 105), size)
            case "cancel_all":
                return CancelAll(*self._head(account), rng.randint(1, 5))
            case "inquire":
                return self._inquire(account)
            case "transfer":
                asset_id = rng.choice((USD, BTC, ETH, SOL, 9))
                return self._transfer(account, asset_id, rng.randint(-200, 200))
            case "again":
                return self._again(account)
            case "rubbish":
                return self._place(account)._replace(**rng.choice(_RUBBISH_PLACES))
            case _:
                return self._place(account)

    def _place(self, account: int) -> Place:
        rng = self._rng
        side = rng.choice((Side.BUY, Side.SELL))
        price, size, funds, expire_ms = rng.randint(95, 105), rng.randint(1, 20), 0, 0
        kind, post_only = OrderType.LIMIT, False
        tif = rng.choices(
            (TimeInForce.GTC, TimeInForce.GTT, TimeInForce.IOC, TimeInForce.FOK), (6, 2, 1, 1)
        )[0]
        if rng.random() < 0.15:
            kind, price = OrderType.MARKET, 0
            tif = rng.choice((TimeInForce.IOC, TimeInForce.FOK))
            if side is Side.BUY and rng.random() < 0.7:
                funds = rng.randint(1, 25 * 100 * UNIT)
                size = size if tif is TimeInForce.FOK or rng.random() < 0.4 else 0
        elif tif is TimeInForce.GTT:
            expire_ms = self._now_ms() + rng.randint(-50, 6_000)
        if kind is OrderType.LIMIT and tif in {TimeInForce.GTC, TimeInForce.GTT}:
            post_only = rng.random() < 0.15
        return Place(
            *self._head(account),
            rng.choices((1, 2, 3, 4), self._appetites)[0],
            side,
            kind,
            tif,
            price,
            size,
            funds,
            post_only,
            rng.choice(list(SelfTrade)),
            expire_ms,
        )

    def _named(self, account: int) -> tuple[int, str]:
        """Name an order: an open or late one of the account, else anybody's, or none at all."""
        rng = self._rng
        orders = list(self._orders.values())
        if rng.random() < 0.9:
            orders = [order for order in orders if order[0] == account]
        open_ = [order for order in orders if order[1] in self._open]
        orders = open_ if open_ and rng.random() < 0.8 else orders[-5:]
        if not orders or rng.random() < 0.03:
            return rng.choice(((0, "nothing"), (12_345_678, ""), (0, ""), (1, "both")))
        _, order_id, client_order_id = rng.choice(orders)
        return (order_id, "") if rng.random() < 0.5 else (0, client_order_id)

    def _inquire(self, account: int) -> Inquire:
        question = self._rng.choice(list(Question))
        named = self._named(account) if question is Question.ORDER else (0, "")
        return Inquire(*self._head(account), question, *named)

    def _again(self, account: int) -> Command:
        """Say something again, word for word or under the same id with other content."""
        mine = [said for said in self._said if said.account == account][-20:]
        if not mine:
            return self._place(account)
        said = self._rng.choice(mine)
        if self._rng.random() < 0.7:
            return said
        if isinstance(said, Transfer):
            return said._replace(amount=said.amount + LOT)
        if isinstance(said, Place):
            return said._replace(size=said.size % 100 + 1)
        return Cancel(*said[:3], 0, "other")
