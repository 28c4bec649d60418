"""A flow in which ids are used again and again, over pauses shorter and longer than the memory."""

import random
from collections import deque
from collections.abc import Sequence

from ledger_support.model_book import ModelBook
from ledger_support.world import (
    AMEND,
    BTC,
    BTC_USD,
    CANCEL,
    CANCEL_ALL,
    INQUIRE,
    NOW,
    PLACE,
    TRANSFER,
    USD,
)

from partita.ledger.abc import Shard, ShardOutput
from partita.schemas.accounts import Received
from partita.schemas.commands import Command
from partita.schemas.enums import Side
from partita.schemas.limits import ID_MARGIN_MS
from partita.schemas.orders import OrderEvent
from partita.schemas.reports import Report

_ACCOUNTS = (2, 4)
_NAMES = tuple(f"n{number}" for number in range(12))
_LIFE_MS = 10_000
_END_MS = _LIFE_MS + ID_MARGIN_MS
_PAUSES_MS = (
    1,
    3_000,
    3_000,
    3_000,
    _LIFE_MS,
    ID_MARGIN_MS + 1,
    _END_MS,
    _END_MS + 1,
    10**6,
    10**10,
)


class Reuse:
    """Leads shards through the same inputs; equal seeds give equal inputs."""

    def __init__(self, seed: int, shards: Sequence[Shard]) -> None:
        """Fund the accounts."""
        self.random = random.Random(seed)
        self.shards = shards
        self.time_ms = NOW
        self.book = ModelBook(BTC_USD)
        self.to_book: deque[OrderEvent] = deque()
        self.to_shards: deque[Report] = deque((BTC_USD,))
        self.sent: list[Command] = []
        self.used_anew = 0
        self._order_ids = [1]
        self._answered: set[tuple[int, str]] = set()
        self._tell()
        for account in _ACCOUNTS:
            for asset_id in (BTC, USD):
                command_id = f"fund-{account}-{asset_id}"
                fund = TRANSFER._replace(account=account, asset_id=asset_id, amount=10**9)
                self.submit(fund._replace(command_id=command_id))

    def step(self) -> None:
        """Do one thing."""
        kind = self.random.choices(
            ("new", "again", "book", "tell", "pause", "many"), (20, 10, 12, 20, 4, 0.6)
        )[0]
        if kind == "new":
            self.submit(self._command(self.random.choice(_NAMES)))
        elif kind == "again" and self.sent:
            again = self.random.choice(self.sent[-30:])
            later_ms = self.random.choice((again.valid_until_ms, self.time_ms + _LIFE_MS))
            self.submit(again._replace(valid_until_ms=later_ms))
        elif kind == "book":
            self._match()
        elif kind == "tell":
            self._tell()
        elif kind == "pause":
            self.time_ms += self.random.choice(_PAUSES_MS)
        elif kind == "many":
            self._many()

    def _many(self) -> None:
        """More have ended than any engine drops at once, and some are used anew before that."""
        for number in range(150):
            self.submit(self._command(f"m{number}"))
        for account in _ACCOUNTS:
            until_ms = self.time_ms + _LIFE_MS
            self.submit(CANCEL_ALL._replace(account=account, valid_until_ms=until_ms))
        while self.to_book or self.to_shards:
            self._match()
            self._tell()
        self.time_ms += 10**8
        for _ in range(8):
            self.submit(self._command(f"m{self.random.randrange(150)}"))

    def submit(self, command: Command) -> None:
        """Let all apply a command."""
        self.sent.append(command)
        output = _same([shard.command(command, self.time_ms) for shard in self.shards])
        self.to_book.extend(event for _, event in output.orders)
        for event in output.events:
            if isinstance(event, Received) and not event.repeated:
                key = event.account, event.command_id
                self.used_anew += key in self._answered
                self._answered.add(key)
                self._order_ids.append(event.order_id)

    def agree(self) -> None:
        """Assert that all are sound and in the same state."""
        for shard in self.shards:
            shard.check()
        state, state_hash = self.shards[0].snapshot(), self.shards[0].state_hash()
        for shard in self.shards[1:]:
            assert shard.snapshot() == state
            assert shard.state_hash() == state_hash

    def _match(self) -> None:
        if self.to_book:
            reports = self.book.apply(self.to_book.popleft())
            self.to_shards.extend(report for _, report in reports)

    def _tell(self) -> None:
        if self.to_shards:
            report = self.to_shards.popleft()
            _same([shard.report(1, report, self.time_ms) for shard in self.shards])

    def _command(self, command_id: str) -> Command:
        return self._about()._replace(
            account=self.random.choice(_ACCOUNTS),
            command_id=command_id,
            valid_until_ms=self.time_ms + self.random.choice((0, _LIFE_MS, _LIFE_MS, 10**7)),
        )

    def _about(self) -> Command:
        kind = self.random.randrange(12)
        if kind == 0:
            return CANCEL_ALL
        if kind <= 6:
            side, price = self.random.choice(list(Side)), self.random.randint(99, 101)
            return PLACE._replace(side=side, price=price, size=self.random.randint(2, 9))
        order_id, name = 0, self.random.choice(_NAMES)
        if self.random.random() < 0.5:
            order_id, name = self.random.choice(self._order_ids[-20:]), ""
        if kind <= 8:
            return INQUIRE._replace(order_id=order_id, client_order_id=name)
        if kind == 9:
            amend = AMEND._replace(price=100, size=self.random.randint(2, 9))
            return amend._replace(order_id=order_id, client_order_id=name)
        return CANCEL._replace(order_id=order_id, client_order_id=name)


def _same(outputs: list[ShardOutput]) -> ShardOutput:
    first = outputs[0]
    for output in outputs[1:]:
        assert output == first
        assert list(map(type, output.events)) == list(map(type, first.events))
    return first
