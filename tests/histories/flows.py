"""Random flows over a table: every kind of command, well-formed and not, repeated and late."""

import random
from typing import Any

from histories.table import Table
from simulation.market import BTC, ETH, INSTRUMENTS, LOT, SOL, UNIT, USD

from partita.schemas.commands import (
    Amend,
    Cancel,
    CancelAll,
    Command,
    Inquire,
    Place,
    Transfer,
)
from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)

ACCOUNTS = (1, 2, 3, 4)
ASSETS = (USD, BTC, ETH, SOL)
_RUBBISH: tuple[dict[str, Any], ...] = (
    {"price": 0},
    {"price": 1 << 62},
    {"size": 0},
    {"size": 1_001},
    {"funds": 7},
    {"instrument_id": 99},
    {"expire_ms": 5},
    {"command_id": ""},
    {"command_id": "x" * 37},
    {"account": 1_001},  # nobody has opened it
    {"account": -3},
    {"time_in_force": TimeInForce.IOC, "post_only": True},
    {"type": OrderType.MARKET, "time_in_force": TimeInForce.GTC, "price": 0},
)
_KINDS = {
    "place": 30,
    "cancel": 6,
    "amend": 10,
    "cancel_all": 1,
    "transfer": 2,
    "inquire": 3,
    "again": 4,
    "rubbish": 2,
}


def _some(asset_id: int) -> int:
    """Return units that make orders of the sizes drawn here: a coin's lot, dollars for one."""
    return 100 * UNIT if asset_id == USD else LOT


class Flow:
    """Plays what is drawn; equal draws make equal flows."""

    def __init__(self, table: Table, rng: random.Random) -> None:
        self.table = table
        self._rng = rng
        self._rules = {rules.instrument_id: rules for rules in INSTRUMENTS}
        self._placed: list[tuple[int, str]] = []  # account, client_order_id
        self._said: list[Command] = []
        self._count = 0

    def run(self, steps: int) -> None:
        """Give every account something, take so many steps, and let all come to rest."""
        self.table.play(
            *(
                Transfer(*self._head(account), asset_id, 150 * _some(asset_id))
                for account in ACCOUNTS
                for asset_id in ASSETS
            )
        )
        for _ in range(steps):
            self._step()
        self.table.wait(61_000)  # the life of all that was lost is over
        self.table.play(
            *(
                Inquire(*self._head(account), question, 0, "")
                for account in ACCOUNTS
                for question in (Question.BALANCES, Question.OPEN_ORDERS, Question.TOTALS)
            )
        )

    def _step(self) -> None:
        rng, table = self._rng, self.table
        match rng.choices(("batch", "wait", "rule", "lose", "miss"), (20, 4, 1, 1, 1))[0]:
            case "batch":
                table.play(*(self._command() for _ in range(rng.randint(1, 8))))
            case "wait":
                table.wait(rng.choice((1, 50, 700, 2_000, 61_000, 130_000)))
            case "rule":
                self._rule()
            case "lose":
                table.lose(self._place(life_ms=1_000))
            case _:
                table.miss(self._keep(self._place()))

    def _rule(self) -> None:
        old = self._rules[self._rng.randint(1, 4)]
        halted = old.status is InstrumentStatus.TRADING and self._rng.random() < 0.3
        new = old._replace(
            version=old.version + 1,
            status=InstrumentStatus.HALTED if halted else InstrumentStatus.TRADING,
            taker_fee_ppm=self._rng.choice((0, 2_507, 9_001)),
        )
        self._rules[new.instrument_id] = new
        self.table.rule(new)

    def _head(self, account: int, life_ms: int = 30_000) -> tuple[int, str, int]:
        self._count += 1
        return self.table.head(account, f"c{self._count}", life_ms)

    def _keep(self, command: Command) -> Command:
        self._said.append(command)
        if isinstance(command, Place):
            self._placed.append((command.account, command.command_id))
        return command

    def _named(self) -> tuple[int, int, str]:
        """Return account, order_id and client_order_id of one of the latest orders."""
        if not self._placed:
            return ACCOUNTS[0], 0, "nothing"
        account, name = self._rng.choice(self._placed[-12:])
        if self._rng.random() < 0.05:
            account = self._rng.choice(ACCOUNTS)
        order_id = self.table.orders.get(name, 0) if self._rng.random() < 0.5 else 0
        return account, order_id, "" if order_id else name

    def _command(self) -> Command:
        rng = self._rng
        account = rng.choice(ACCOUNTS)
        life_ms = rng.choices((30_000, 2_000, -1, 70_000), (30, 3, 1, 1))[0]
        match rng.choices(list(_KINDS), list(_KINDS.values()))[0]:
            case "cancel":
                account, order_id, name = self._named()
                return self._keep(Cancel(*self._head(account, life_ms), order_id, name))
            case "amend":
                account, order_id, name = self._named()
                new = rng.randint(98, 102), rng.randint(0, 25)
                return self._keep(Amend(*self._head(account, life_ms), order_id, name, *new))
            case "cancel_all":
                return self._keep(CancelAll(*self._head(account, life_ms), rng.randint(1, 5)))
            case "transfer":
                asset_id = rng.choice((*ASSETS, 9))
                amount = rng.randint(-90, 90) * _some(asset_id)
                return self._keep(Transfer(*self._head(account, life_ms), asset_id, amount))
            case "inquire":
                return self._keep(self._inquire(account, life_ms))
            case "again" if self._said:
                return self._again(rng.choice(self._said[-15:]))
            case "rubbish":
                return self._keep(self._place(life_ms)._replace(**rng.choice(_RUBBISH)))
            case _:
                return self._keep(self._place(life_ms))

    def _inquire(self, account: int, life_ms: int) -> Inquire:
        question = self._rng.choice(list(Question))
        order_id, name = 0, ""
        if question is Question.ORDER:
            account, order_id, name = self._named()
        return Inquire(*self._head(account, life_ms), question, order_id, name)

    def _place(self, life_ms: int = 30_000) -> Place:
        rng = self._rng
        kind, price, size, funds = OrderType.LIMIT, rng.randint(98, 102), rng.randint(1, 20), 0
        side = rng.choice((Side.BUY, Side.SELL))
        lives = (TimeInForce.GTC, TimeInForce.GTT, TimeInForce.IOC, TimeInForce.FOK)
        tif = rng.choices(lives, (8, 2, 1, 1))[0]
        if rng.random() < 0.2:
            kind, price, tif = OrderType.MARKET, 0, rng.choice(lives[2:])
            if side is Side.BUY and rng.random() < 0.7:
                funds = rng.randint(1, 15 * 100 * UNIT)
                size = size if tif is TimeInForce.FOK or rng.random() < 0.4 else 0
        lasting = tif in lives[:2]
        return Place(
            *self._head(rng.choice(ACCOUNTS), life_ms),
            instrument_id=rng.choice((1, 1, 1, 1, 2, 3, 4)),
            side=side,
            type=kind,
            time_in_force=tif,
            price=price,
            size=size,
            funds=funds,
            post_only=lasting and rng.random() < 0.15,
            self_trade=rng.choice(list(SelfTrade)),
            expire_ms=self.table.now_ms + 1_500 if tif is TimeInForce.GTT else 0,
        )

    def _again(self, said: Command) -> Command:
        """Say something again, word for word or under the same id with other content."""
        if self._rng.random() < 0.7:
            return said
        if isinstance(said, Place):
            return said._replace(size=said.size + 1)
        if isinstance(said, Inquire):
            return said._replace(order_id=said.order_id + 1)
        if isinstance(said, Transfer):
            return said._replace(amount=said.amount + LOT)
        return Cancel(*said[:3], 0, "other")
