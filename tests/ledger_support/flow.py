"""Random flow over an exchange, from a seed."""

import random

from ledger_support.exchange import Exchange
from ledger_support.world import (
    AMEND,
    BTC,
    CANCEL,
    CANCEL_ALL,
    ETH,
    ETH_USD,
    INQUIRE,
    PLACE,
    TRANSFER,
    USD,
)

from partita.schemas.commands import Command, Place
from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)

ACCOUNTS = (1, 2, 3, 4)


class Flow:
    """Takes one step after another; equal seeds take equal steps."""

    def __init__(self, seed: int) -> None:
        """Fund the accounts."""
        self.random = random.Random(seed)
        self.exchange = Exchange()
        self.count = 0
        for account in ACCOUNTS:
            for asset_id in (BTC, USD, ETH):
                self._send(TRANSFER._replace(account=account, asset_id=asset_id, amount=100_000))

    def step(self) -> None:
        """Do one thing."""
        kind = self.random.choices(
            ("place", "cancel", "amend", "repeat", "rest", "match", "tell"),
            (10, 3, 6, 2, 2, 14, 24),
        )[0]
        if kind == "match":
            self.exchange.match(self.random.choice(list(self.exchange.to_books)))
        elif kind == "tell":
            self.exchange.tell(self.random.choice(list(self.exchange.to_shards)))
        elif kind == "place":
            self._send(self._place())
        elif kind == "repeat":
            self.exchange.submit(self.random.choice(self.exchange.commands[-20:]))
        elif kind == "rest":
            self._rare()
        else:
            order_id, account = self._order()
            template = (
                CANCEL
                if kind == "cancel"
                else AMEND._replace(price=self._price(), size=self.random.randint(1, 25))
            )
            self._send(template._replace(account=account, order_id=order_id))

    def _rare(self) -> None:
        account = self.random.choice(ACCOUNTS)
        kind = self.random.randrange(5)
        if kind == 0:
            self._send(CANCEL_ALL._replace(account=account))
        elif kind == 1:
            amount = self.random.randint(-20_000, 20_000)
            self._send(TRANSFER._replace(account=account, amount=amount))
        elif kind == 2:
            self._send(INQUIRE._replace(account=account, question=Question.OPEN_ORDERS))
        elif kind == 3:
            self.exchange.time_ms += self.random.choice((1, 1_000, 50_000))
        else:
            rules = self.exchange.books[ETH_USD.instrument_id].rules
            status = self.random.choice((InstrumentStatus.HALTED, InstrumentStatus.TRADING))
            fee_ppm = self.random.randrange(0, 200_000)
            self.exchange.change_rules(
                rules._replace(version=rules.version + 1, status=status, taker_fee_ppm=fee_ppm)
            )

    def _send(self, command: Command) -> None:
        self.count += 1
        valid_until_ms = self.exchange.time_ms + 10_000
        self.exchange.submit(
            command._replace(command_id=f"n{self.count}", valid_until_ms=valid_until_ms)
        )

    def _price(self) -> int:
        return self.random.randint(95, 105)

    def _order(self) -> tuple[int, int]:
        """Return an order, mostly a late one, and mostly its owner."""
        if not self.exchange.owners:
            return 0, self.random.choice(ACCOUNTS)
        order_id = self.random.choice(list(self.exchange.owners)[-12:])
        return order_id, self.exchange.owners[order_id][0]

    def _place(self) -> Place:
        side = self.random.choice(list(Side))
        place = PLACE._replace(
            account=self.random.choice(ACCOUNTS),
            instrument_id=self.random.choice((1, 1, 2)),
            side=side,
            size=self.random.randint(2, 20),
            self_trade=self.random.choice(list(SelfTrade)),
        )
        if self.random.random() < 0.2:
            tif = self.random.choice((TimeInForce.IOC, TimeInForce.FOK))
            kind = self.random.randrange(3) if side is Side.BUY else 0
            funds = self.random.randint(1, 9_000) if kind else 0
            size = 0 if kind == 1 and tif is TimeInForce.IOC else place.size
            return place._replace(
                type=OrderType.MARKET, time_in_force=tif, price=0, size=size, funds=funds
            )
        tif = self.random.choice((*3 * (TimeInForce.GTC,), TimeInForce.IOC, TimeInForce.FOK))
        post_only = tif is TimeInForce.GTC and self.random.random() < 0.2
        return place._replace(price=self._price(), time_in_force=tif, post_only=post_only)
