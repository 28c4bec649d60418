"""How `partita watch` shows what the feed tells: lines for people, programs and files."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import click

from partita.deploy.commands.views import (
    NOTHING,
    clock,
    number,
    print_json,
)
from partita.marketdata.book_feed import Trade
from partita.marketdata.book_replica import Level
from partita.schemas.decimals import Increments
from partita.schemas.instrument import Instrument


class News(NamedTuple):
    """What one look at the feed gave."""

    bid: Level | None
    ask: Level | None
    trades: list[Trade]
    trouble: str


class Lines(ABC):
    """A line for each trade, and for each change of the BBO behind the trades that led to it."""

    def __init__(self, instrument: Instrument) -> None:
        self._symbol = instrument.symbol
        self._increments = Increments.of(instrument)
        self._bbo: tuple[Level | None, Level | None] | None = None
        self._trouble = ""

    def start(self, news: News) -> None:
        """Print the BBO as it stands."""
        self.show(news._replace(trades=[]))

    def show(self, news: News) -> None:
        """Print what is new."""
        for trade in news.trades:
            self._print_trade(trade)
        if (bbo := (news.bid, news.ask)) != self._bbo:
            self._bbo = bbo
            self._print_bbo(*bbo)
        if news.trouble != self._trouble:
            self._trouble = news.trouble
            click.echo(f"warning: {news.trouble or 'the feed goes on'}", err=True)

    @abstractmethod
    def _print_trade(self, trade: Trade) -> None: ...

    @abstractmethod
    def _print_bbo(self, bid: Level | None, ask: Level | None) -> None: ...


class JsonLines(Lines):
    """Objects: {"event": "trade", ...} and {"event": "bbo", ...}."""

    def _print_trade(self, trade: Trade) -> None:
        print_json(
            {
                "event": "trade",
                "symbol": self._symbol,
                "time_ms": trade.time_ms,
                "trade_id": trade.trade_id,
                "taker_side": trade.taker_side,
                "price": self._increments.price(trade.price),
                "size": self._increments.size(trade.size),
            }
        )

    def _print_bbo(self, bid: Level | None, ask: Level | None) -> None:
        price, size = self._increments.price, self._increments.size
        print_json(
            {
                "event": "bbo",
                "symbol": self._symbol,
                "bid": price(bid.price) if bid else None,
                "bid_size": size(bid.size) if bid else None,
                "ask": price(ask.price) if ask else None,
                "ask_size": size(ask.size) if ask else None,
            }
        )


class PlainLines(Lines):
    """Text."""

    def _print_trade(self, trade: Trade) -> None:
        size = number(self._increments.size(trade.size))
        price = number(self._increments.price(trade.price))
        click.echo(
            f"{clock(trade.time_ms)}  trade {trade.trade_id}  {trade.taker_side} {size} at {price}"
        )

    def _print_bbo(self, bid: Level | None, ask: Level | None) -> None:
        click.echo(f"bid {self._level(bid)}  ask {self._level(ask)}")

    def _level(self, level: Level | None) -> str:
        if level is None:
            return NOTHING
        size = number(self._increments.size(level.size))
        return f"{number(self._increments.price(level.price))} x {size}"
