"""The live picture of a symbol: ladder, the last 24 hours, trades, and a small candle chart."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.candles import Bar, bar_of, chart
from partita.deploy.commands.ladder import ladder
from partita.deploy.commands.views import (
    NOTHING,
    SIDE_STYLES,
    clock,
    number,
    plain_table,
    side_text,
)
from partita.marketdata.book_replica import BookReplica
from partita.marketdata.client import (
    Candles,
    Channel,
    DayChange,
    MarketDataClient,
    Message,
    Notice,
    Trades,
    TradeView,
)
from partita.marketdata.history import last_candles
from partita.schemas.instrument import Instrument

_LEVELS = 8  # of each side
_TRADES = 12
_BARS = 200  # more than a terminal is wide
_CHART_ROWS = 8
_INTERVAL_S = 60
_DRAW_EVERY_S = 0.2
_CHANNELS = (Channel.BOOK, Channel.TRADES, Channel.TICKER, Channel.CANDLES)


class Screen:
    """What is shown: takes messages, gives a picture."""

    def __init__(self, instrument: Instrument) -> None:
        self.seen = 0  # trades since the start
        self._instrument = instrument
        self._trades: deque[TradeView] = deque(maxlen=_TRADES)
        self._day: DayChange | None = None
        self._bars: dict[int, Bar] = {}  # of a minute, by start
        self._notice = ""

    def begin(self, bars: Iterable[Bar]) -> None:
        """Put the bars of before."""
        for bar in bars:
            self._bars[bar.start_ms] = bar

    def take(self, message: Message, *, history: bool = False) -> None:
        """Take a message; history: it tells of before the start."""
        match message:
            case Trades():
                self._trades.extend(message.trades)
                self.seen += 0 if history else len(message.raw)
            case DayChange():
                self._day = message
            case Candles():
                for candle in message.raw:
                    if candle.interval_s == _INTERVAL_S:
                        self._bars[candle.start_ms] = bar_of(candle, self._instrument)
                for start_ms in sorted(self._bars)[:-_BARS]:
                    del self._bars[start_ms]
            case Notice():
                self._notice = message.text
            case _:
                pass  # the book is a replica that goes on by itself

    def picture(self, replica: BookReplica, width: int) -> RenderableType:
        """Return how it looks in so many columns."""
        right: list[RenderableType] = [self._day_table(), Text(), self._trades_table()]
        sides = Table.grid(padding=(0, 3, 0, 0))
        sides.add_row(ladder(replica, _LEVELS), Group(*right))
        parts: list[RenderableType] = [sides, Text()]
        bars = [self._bars[start_ms] for start_ms in sorted(self._bars)]
        parts.append(chart(bars, width, _CHART_ROWS) if bars else Text("no bars yet", "dim"))
        parts.append(Text(f"1m bars; {number(self.seen)} new trades, Ctrl-C ends", "dim"))
        if self._notice:
            parts.append(Text(self._notice, "yellow"))
        return Group(*parts)

    def _day_table(self) -> Table:
        day, quote = self._day, self._instrument.quote_asset
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        opened, close = (day.open, day.close) if day else (None, None)
        change = Text(NOTHING)
        if opened and close is not None:
            percent = (close - opened) * 100 / opened
            change = Text(f"{percent:+.2f} %", "red" if percent < 0 else "green")
        table.add_row("24 h change", change)
        table.add_row("24 h high", number(day.high) if day else NOTHING)
        table.add_row("24 h low", number(day.low) if day else NOTHING)
        volume = number(day.notional.quantize(1)) if day else NOTHING
        table.add_row(f"24 h volume, {quote}", volume)
        return table

    def _trades_table(self) -> RenderableType:
        if not self._trades:
            return Text("no trades yet", "dim")
        table = plain_table("time (UTC)", "taker", "price", "size", left=("taker",))
        for trade in reversed(self._trades):
            style = SIDE_STYLES[trade.taker_side]
            table.add_row(
                clock(trade.time_ms)[11:19],
                side_text(trade.taker_side),
                Text(number(trade.price), style),
                number(trade.size),
            )
        return table


async def show(
    bootstrap: str,
    instrument: Instrument,
    console: Console,
    seconds: int | None,
    trades_max: int | None,
) -> None:
    """Draw until so long or so many trades have passed; for ever without.

    Raises:
        LogError, NoAnswer: the market cannot be followed.
    """
    screen, symbol = Screen(instrument), instrument.symbol
    end_s = None if seconds is None else time.monotonic() + seconds
    async with MarketDataClient.connecting(bootstrap) as client:
        found = await asyncio.to_thread(last_candles, bootstrap, instrument, _INTERVAL_S, _BARS)
        screen.begin(bar_of(candle, instrument) for candle in found)
        market = await client.subscribe([symbol], _CHANNELS)
        for message in market.pending():
            screen.take(message, history=True)
        with Live(console=console, auto_refresh=False) as live:
            while (end_s is None or time.monotonic() < end_s) and (
                trades_max is None or screen.seen < trades_max
            ):
                for message in market.pending():
                    screen.take(message)
                market.check()
                live.update(screen.picture(market.book(symbol).raw, console.width), refresh=True)
                await asyncio.sleep(_DRAW_EVERY_S)
