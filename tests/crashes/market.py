"""What the clients of a crash run do, one deed after another, all by one seed."""

import itertools
import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

from histories.recorder import Outcome, Recorder

from partita.schemas.enums import SelfTrade

SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "ADA-USD", "DOT-USD")
ASSETS = ("USD", *(symbol.partition("-")[0] for symbol in SYMBOLS))
ACCOUNTS = range(1, 13)
FUNDS = Decimal(100_000_000)  # of each asset, for each account
_COLUMNS = (
    "symbol,tick,lot,min_size,max_size,max_price,maker_fee,taker_fee,base_decimals,quote_decimals"
)
_RULES = "0.01,0.0001,0.0001,100000,1000000,0.001,0.002,8,10"  # of all symbols
INSTRUMENTS_CSV = "\n".join([_COLUMNS, *(f"{symbol},{_RULES}" for symbol in SYMBOLS), ""])

_TICK, _LOT, _MIDDLE = Decimal("0.01"), Decimal("0.0001"), 10_000  # prices are about 100
_OPEN_MAX = 30  # orders of an account; beyond it cancels one


class Deed(NamedTuple):
    """One thing that a client does; what only asks comes to whether there was an answer."""

    account: int
    do: Callable[[], Awaitable[Outcome | bool]]
    client_order_id: str = ""  # of the order that it places


class Flow:
    """Draws deeds for a recorder; it must be told which orders are open."""

    def __init__(self, recorder: Recorder, seed: int) -> None:
        self.open: dict[int, dict[int, str]] = {account: {} for account in ACCOUNTS}
        self._recorder = recorder
        self._chance = random.Random(seed)
        self._names = (f"o{number}" for number in itertools.count(1))
        self._deeds: list[tuple[int, Callable[[int], Deed]]] = [
            (50, self._limit),
            (5, self._at_once),
            (6, self._market),
            (8, self._expiring),
            (2, self._too_much),
            (12, self._cancel),
            (1, self._cancel_all),
            (8, self._amend),
            (3, self._transfer),
            (3, self._ask_balances),
            (1, self._ask_totals),
        ]

    def next(self) -> Deed:
        """Return the next deed."""
        account = self._chance.choice(ACCOUNTS)
        if len(self.open[account]) >= _OPEN_MAX:
            return self._cancel(account)
        weights = [weight for weight, _ in self._deeds]
        ((_, deed),) = self._chance.choices(self._deeds, weights)
        return deed(account)

    def deposits(self) -> list[Deed]:
        """Return what gives all accounts money."""
        return [
            self._moved(account, asset, FUNDS, f"first-{asset}")
            for account in ACCOUNTS
            for asset in ASSETS
        ]

    def touches(self) -> list[Deed]:
        """Return an order for each symbol and shard that leaves nothing behind."""
        return [
            self._place(
                account, symbol=symbol, side="buy", time_in_force="IOC", price=_TICK, size=_LOT
            )
            for symbol in SYMBOLS
            for account in ACCOUNTS[:2]
        ]

    def _place(self, account: int, life_ms: int = 0, **order: Any) -> Deed:
        chance, name = self._chance, next(self._names)
        filled = {
            "symbol": chance.choice(SYMBOLS),
            "side": chance.choice(("buy", "sell")),
            "self_trade": chance.choice(list(SelfTrade)),
            "client_order_id": name,
        } | order

        def do() -> Awaitable[Outcome]:
            if life_ms:  # by the clock of then
                filled["expire_ms"] = time.time_ns() // 1_000_000 + life_ms
            return self._recorder.place(account, **filled)

        return Deed(account, do, name)

    def _price(self) -> Decimal:
        return _TICK * (_MIDDLE + self._chance.randint(-12, 12))

    def _size(self) -> Decimal:
        return _LOT * self._chance.randint(1, 5_000)

    def _limit(self, account: int) -> Deed:
        post_only = self._chance.random() < 0.1
        return self._place(account, price=self._price(), size=self._size(), post_only=post_only)

    def _at_once(self, account: int) -> Deed:
        how = self._chance.choice(("IOC", "FOK"))
        return self._place(account, price=self._price(), size=self._size(), time_in_force=how)

    def _market(self, account: int) -> Deed:
        if self._chance.random() < 0.5:
            return self._place(account, size=self._size())
        return self._place(account, side="buy", funds=Decimal(self._chance.randint(1, 50)))

    def _expiring(self, account: int) -> Deed:
        life_ms = self._chance.randint(300, 3_000)
        return self._place(
            account, life_ms, price=self._price(), size=self._size(), time_in_force="GTT"
        )

    def _too_much(self, account: int) -> Deed:
        return self._place(account, side="buy", price=Decimal(100_000), size=4_000)

    def _named(self, account: int) -> tuple[int, str]:
        """Return an order that is open, as far as is known, or one that never was."""
        known = self.open[account]
        return self._chance.choice(list(known.items())) if known else (1, SYMBOLS[0])

    def _cancel(self, account: int) -> Deed:
        order_id, _ = self._named(account)
        return Deed(account, lambda: self._recorder.cancel(account, order_id=order_id))

    def _cancel_all(self, account: int) -> Deed:
        symbol = self._chance.choice(SYMBOLS)
        return Deed(account, lambda: self._recorder.cancel_all(account, symbol))

    def _amend(self, account: int) -> Deed:
        order_id, symbol = self._named(account)
        price, size = self._price(), self._size()

        def do() -> Awaitable[Outcome]:
            return self._recorder.amend(
                account, price=price, size=size, order_id=order_id, symbol=symbol
            )

        return Deed(account, do)

    def _transfer(self, account: int) -> Deed:
        amount = Decimal(self._chance.choice((-5, -1, 1, 5, 10)))
        name = f"move-{self._chance.getrandbits(48):x}"
        return self._moved(account, self._chance.choice(ASSETS), amount, name)

    def _moved(self, account: int, asset: str, amount: Decimal, name: str) -> Deed:
        def do() -> Awaitable[Outcome]:
            return self._recorder.transfer(account, asset, amount, transfer_id=name)

        return Deed(account, do)

    def _ask_balances(self, account: int) -> Deed:
        return Deed(account, lambda: self._recorder.balances(account))

    def _ask_totals(self, account: int) -> Deed:
        return Deed(account, self._recorder.totals)
