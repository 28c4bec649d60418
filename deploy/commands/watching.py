"""How `partita watch` shows what the feed tells: lines for programs and files, or a picture."""

from abc import ABC, abstractmethod
from collections import deque
from typing import NamedTuple, Protocol

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.ladder import spread
from partita.deploy.commands.symbols import Increments
from partita.deploy.commands.views import (
    NOTHING,
    SIDE_STYLES,
    clock,
    number,
    plain_table,
    print_json,
    side_text,
)
from partita.marketdata.book_feed import Trade
from partita.marketdata.book_replica import Level
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument

_TRADES_SHOWN = 12


class News(NamedTuple):
    """What one look at the feed gave."""

    bid: Level | None
    ask: Level | None
    trades: list[Trade]
    trouble: str


class View(Protocol):
    """Something that shows news."""

    def start(self, news: News) -> None:
        """Show how it stood at the beginning; its trades are history."""

    def show(self, news: News) -> None:
        """Show what is new."""


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


class Picture:
    """The live picture: BBO and last price above, the latest trades below."""

    def __init__(self, instrument: Instrument, live: Live) -> None:
        self._instrument = instrument
        self._increments = Increments.of(instrument)
        self._live = live
        self._trades: deque[Trade] = deque(maxlen=_TRADES_SHOWN)
        self._new = 0

    def start(self, news: News) -> None:
        """Draw it with the last trades of history."""
        self._draw(news)

    def show(self, news: News) -> None:
        """Draw it anew."""
        self._new += len(news.trades)
        self._draw(news)

    def _draw(self, news: News) -> None:
        self._trades.extend(news.trades)
        self._live.update(self.picture(news), refresh=True)

    def picture(self, news: News) -> RenderableType:
        """Return how it looks."""
        head = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        head.add_column(style="dim")
        head.add_column(justify="right")
        head.add_column()
        for name, level, side in (("ask", news.ask, Side.SELL), ("bid", news.bid, Side.BUY)):
            price = number(self._increments.price(level.price)) if level else NOTHING
            size = f"x {number(self._increments.size(level.size))}" if level else ""
            head.add_row(name, Text(price, SIDE_STYLES[side]), size)
        last = self._trades[-1] if self._trades else None
        head.add_row("last", *self._last(last))
        parts: list[RenderableType] = [self._title(news), head, Text()]
        parts.append(self._trades_table() if self._trades else Text("no trades yet", "dim"))
        if news.trouble:
            parts.append(Text(news.trouble, "yellow"))
        return Group(*parts)

    def _title(self, news: News) -> Text:
        title = Text(self._instrument.symbol, "bold")
        if news.bid and news.ask:
            bid, ask = (self._increments.price(side.price) for side in (news.bid, news.ask))
            title.append(f"  {spread(bid, ask)}", "not bold dim")
        return title.append(f"  {number(self._new)} new trades, Ctrl-C ends", "not bold dim")

    def _last(self, trade: Trade | None) -> tuple[Text, str]:
        if trade is None:
            return Text(NOTHING), ""
        price = Text(number(self._increments.price(trade.price)), SIDE_STYLES[trade.taker_side])
        return price, f"x {number(self._increments.size(trade.size))}"

    def _trades_table(self) -> Table:
        table = plain_table("time (UTC)", "trade", "taker", "price", "size", left=("taker",))
        for trade in reversed(self._trades):
            table.add_row(
                clock(trade.time_ms)[11:],
                str(trade.trade_id),
                side_text(trade.taker_side),
                Text(number(self._increments.price(trade.price)), SIDE_STYLES[trade.taker_side]),
                number(self._increments.size(trade.size)),
            )
        return table
