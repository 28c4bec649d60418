"""One day on which everything happens once, in an order that lies can be told about."""

from histories.entries import Entry
from histories.table import Table
from simulation.market import BTC, INSTRUMENTS, LOT, UNIT, USD

from partita.schemas.commands import Amend, Cancel, CancelAll, Inquire, Place, Transfer
from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)

BTC_USD = INSTRUMENTS[0]
ANN, BOB, EVE, DAN = 1, 2, 3, 4  # Ann and Eve are of shard 1, Bob and Dan of shard 0
DEPOSIT = 100_000 * UNIT


class Day:
    """Says the commands of a day, each under a name of its own."""

    def __init__(self, table: Table | None = None) -> None:
        self.table = Table() if table is None else table

    def place(
        self,
        account: int,
        name: str,
        side: Side,
        price: int,
        size: int,
        tif: TimeInForce = TimeInForce.GTC,
        *,
        funds: int = 0,
        post_only: bool = False,
        expire_ms: int = 0,
        life_ms: int = 30_000,
    ) -> Place:
        """Make an order; one without a price is a market order."""
        return Place(
            *self.table.head(account, name, life_ms),
            instrument_id=BTC_USD.instrument_id,
            side=side,
            type=OrderType.LIMIT if price else OrderType.MARKET,
            time_in_force=tif,
            price=price,
            size=size,
            funds=funds,
            post_only=post_only,
            self_trade=SelfTrade.DC,
            expire_ms=expire_ms,
        )

    def cancel(self, account: int, name: str, order: str) -> Cancel:
        """Make a cancel of an order."""
        return Cancel(*self.table.head(account, name), 0, order)

    def amend(self, account: int, name: str, order: str, price: int, size: int) -> Amend:
        """Make an amend of an order."""
        return Amend(*self.table.head(account, name), 0, order, price, size)

    def ask(self, account: int, name: str, question: Question, order: str = "") -> Inquire:
        """Make an inquiry."""
        return Inquire(*self.table.head(account, name), question, 0, order)

    def give(self, account: int, name: str, asset_id: int, amount: int) -> Transfer:
        """Make a transfer."""
        return Transfer(*self.table.head(account, name), asset_id, amount)

    def run(self) -> list[Entry]:
        """Live the whole day; return its history."""
        self._deposit()
        self._trade()
        self._change()
        self._refuse()
        self._expire()
        self._ask()
        return list(self.table.history.entries())

    def _deposit(self) -> None:
        for account in (ANN, BOB, EVE, DAN):
            self.table.play(self.give(account, f"usd-{account}", USD, DEPOSIT))
            self.table.play(self.give(account, f"btc-{account}", BTC, 100 * LOT))

    def _trade(self) -> None:
        play = self.table.play
        play(self.place(BOB, "offer", Side.SELL, 100, 10))
        # Ann would pay more than she has to.
        play(self.place(ANN, "better", Side.BUY, 103, 4))
        play(self.place(EVE, "by-funds", Side.BUY, 0, 0, TimeInForce.IOC, funds=25_000))
        play(self.place(EVE, "by-size", Side.BUY, 0, 1, TimeInForce.IOC))
        play(self.place(DAN, "now", Side.BUY, 100, 9, TimeInForce.IOC))
        play(self.place(DAN, "bid", Side.BUY, 97, 8))
        play(self.place(ANN, "all-or-none", Side.SELL, 97, 20, TimeInForce.FOK))
        play(self.place(ANN, "whole", Side.SELL, 97, 5, TimeInForce.FOK))
        play(self.place(EVE, "nobody", Side.BUY, 0, 3, TimeInForce.IOC))

    def _change(self) -> None:
        play = self.table.play
        play(self.place(EVE, "passive", Side.SELL, 97, 3, post_only=True))
        play(self.amend(DAN, "more", "bid", 98, 14))
        play(self.amend(DAN, "less", "bid", 98, 12))
        # What the amend would leave, Ann's sale has filled when the book hears of it.
        play(
            self.place(ANN, "race", Side.SELL, 98, 4),
            self.amend(DAN, "late", "bid", 99, 9),
        )
        play(self.place(BOB, "to-amend", Side.SELL, 110, 5))
        # The amend sets four lots aside, and gives them back: the cancel was there first.
        play(
            self.cancel(BOB, "first", "to-amend"),
            self.amend(BOB, "in-vain", "to-amend", 111, 9),
        )
        # It meets the bid of the same account, which is decreased by it.
        play(self.place(DAN, "own", Side.SELL, 98, 1))
        play(self.cancel(DAN, "away", "bid"))
        play(self.cancel(DAN, "again", "bid"))
        play(self.place(BOB, "one", Side.SELL, 120, 1), self.place(BOB, "two", Side.SELL, 121, 2))
        play(CancelAll(*self.table.head(BOB, "sweep"), BTC_USD.instrument_id))

    def _refuse(self) -> None:
        play = self.table.play
        play(self.place(ANN, "too-much", Side.BUY, 9_999, 900))
        play(self.give(ANN, "beyond", USD, -2 * DEPOSIT))
        play(self.place(ANN, "no-size", Side.BUY, 100, 0))
        repeat = self.give(ANN, "out", USD, -1_000 * UNIT)
        play(repeat)
        play(repeat)
        play(repeat._replace(amount=-1))
        play(self.place(ANN, "twice", Side.BUY, 90, 2))
        play(self.place(ANN, "twice", Side.BUY, 90, 2))
        halted = BTC_USD._replace(version=2, status=InstrumentStatus.HALTED)
        self.table.rule(halted)
        self.table.run()
        play(self.place(EVE, "halted", Side.BUY, 90, 1))
        self.table.rule(halted._replace(version=3, status=InstrumentStatus.TRADING))
        self.table.run()

    def _expire(self) -> None:
        table = self.table
        lives = table.now_ms + 1_000
        table.play(self.place(EVE, "brief", Side.BUY, 80, 1, TimeInForce.GTT, expire_ms=lives))
        table.lose(self.place(EVE, "lost", Side.BUY, 80, 1, life_ms=5_000))
        table.miss(self.place(EVE, "missed", Side.BUY, 81, 1, life_ms=5_000))
        table.wait(6_000)
        # The book hears of the time with its next order, of Dan.
        table.play(self.place(DAN, "last", Side.BUY, 70, 1))
        table.play(self.ask(EVE, "where-is-lost", Question.ORDER, "lost"))
        table.play(self.ask(EVE, "where-is-missed", Question.ORDER, "missed"))

    def _ask(self) -> None:
        for account in (ANN, BOB, EVE, DAN):
            for question in (Question.BALANCES, Question.OPEN_ORDERS, Question.TOTALS):
                self.table.play(self.ask(account, f"{question}-{account}", question))
        # The day ends with a trade, of which the maker and the taker hear in different shards.
        self.table.play(self.place(BOB, "sells", Side.SELL, 130, 6))
        self.table.play(self.place(ANN, "buys", Side.BUY, 130, 6, TimeInForce.IOC))
