"""Clients of the small exchange: commands that mostly do something, and hostile ones."""

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import Any, cast

from engines.world import RULES, SHARDS, START_MS

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
from partita.schemas.limits import OPEN_ORDERS_PAGE

ACCOUNTS = (1, 2, 3, 4)
ASSETS = (2, 3, 4, 5)
_EDGES = (
    0, 1, -1, 2, 1 << 31, 1 << 32, (1 << 62) - 1, 1 << 62, (1 << 62) + 1, (1 << 63) - 1,
    -(1 << 63), 1 << 40, 3_074_457_345_618_258_602,
)  # fmt: skip
_TEXTS = ("", "a", "x" * 36, "x" * 37, "é", "\x00", "a b", " ", "~", "\x7f", "日本", "n1", "n2")


class Clients:
    """Makes the commands of all clients; equal randoms make equal commands."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0
        self.sent: list[Command] = []

    def funding(self) -> list[Command]:
        """Return what opens the accounts."""
        return [
            Transfer(account, self._id(), START_MS + 9_000, asset, 10_000_000)
            for account in ACCOUNTS
            for asset in ASSETS
        ]

    def batches(self, commands: list[Command]) -> list[tuple[int, CommandBatch]]:
        """Return commands as one batch for each shard."""
        self.sent.extend(commands)
        by_shard: dict[int, list[Command]] = {}
        for command in commands:
            by_shard.setdefault(command.account % SHARDS, []).append(command)
        return [(shard, CommandBatch(b"", tuple(of))) for shard, of in by_shard.items()]

    def command(self, time_ms: int) -> Command:
        """Return the next command; some are repeats."""
        random = self.random
        if self.sent and random.random() < 0.05:
            return random.choice(self.sent[-20:])
        make: Callable[[int, int], Command] = random.choices(
            (self._place, self._cancel, self._amend, self._rare), (10, 3, 6, 2)
        )[0]
        return make(random.choice(ACCOUNTS), time_ms)

    def hostile(self, time_ms: int) -> Command:
        """Return a command with some fields replaced by what no client should send."""
        command: Any = self.command(time_ms)
        for at in self.random.sample(range(len(command)), self.random.choice((1, 1, 2, 3))):
            name, value = command._fields[at], command[at]
            wrong: object
            if type(value) is int:
                wrong = self.random.choice((*_EDGES, self.random.getrandbits(62)))
            elif type(value) is str:
                wrong = self.random.choice(_TEXTS)
            elif type(value) is bool:
                wrong = not value
            else:
                members: list[object] = list(cast("type[StrEnum]", type(value)))
                wrong = self.random.choice(members)
            command = command._replace(**{name: wrong})
        return cast("Command", command)

    def _id(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def _head(self, account: int, time_ms: int) -> tuple[int, str, int]:
        late = self.random.choice((10_000, 10_000, 60_000, 0, -1, 70_000, 4_000_000))
        return account, self._id(), time_ms + late

    def _name(self) -> str:
        return f"n{self.random.randint(max(1, self.count - 15), self.count + 1)}"

    def _cancel(self, account: int, time_ms: int) -> Command:
        return Cancel(*self._head(account, time_ms), 0, self._name())

    def _amend(self, account: int, time_ms: int) -> Command:
        head = self._head(account, time_ms)
        return Amend(*head, 0, self._name(), self._price(), self.random.randint(1, 25))

    def _rare(self, account: int, time_ms: int) -> Command:
        head = self._head(account, time_ms)
        kind = self.random.randrange(4)
        if kind == 0:
            return CancelAll(*head, self.random.choice(RULES).instrument_id)
        if kind == 1:
            return Transfer(*head, self.random.choice(ASSETS), self.random.randint(-(10**6), 10**6))
        question = self.random.choice(list(Question))
        number = self.random.choice((0, 1, 2, 3, 50, OPEN_ORDERS_PAGE))
        return Inquire(*head, question, number, self.random.choice(("", self._name())))

    def _price(self) -> int:
        return self.random.randint(95, 105)

    def _place(self, account: int, time_ms: int) -> Command:
        random = self.random
        side = random.choice(list(Side))
        place = Place(
            *self._head(account, time_ms), random.choice(RULES).instrument_id, side,
            OrderType.LIMIT, random.choice(list(TimeInForce)), self._price(),
            random.randint(1, 20), 0, random.random() < 0.1, random.choice(list(SelfTrade)), 0,
        )  # fmt: skip
        if place.time_in_force is TimeInForce.GTT:
            return place._replace(expire_ms=time_ms + random.choice((1, 500, 20_000)))
        if random.random() < 0.2:
            tif = random.choice((TimeInForce.IOC, TimeInForce.FOK))
            kind = random.randrange(3) if side is Side.BUY else 0
            return place._replace(
                type=OrderType.MARKET, time_in_force=tif, price=0, post_only=False,
                size=0 if kind == 1 and tif is TimeInForce.IOC else place.size,
                funds=random.randint(1, 90_000) if kind else 0,
            )  # fmt: skip
        return place
