"""One symbol's bars, from its trades by number."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from partita.log.edges import Verdict
from partita.marketdata.bars.bar import LONGER_S, MINUTE_MS, MINUTE_S, Bar, start_of
from partita.marketdata.bars.day import DAY_MS, Day
from partita.schemas.market_data import Candle, DayTicker, Trade

_TIME = attrgetter("time_ms")


class SymbolBars:
    """Takes trades in any number of copies, and keeps the open bars and the last 24 hours.

    Pure: it reads no clock and no log. Trades make minutes, and closed minutes make everything
    else. Repeats are dropped. At a gap it waits for the missing trade, and `trouble` says so.
    Trades are in the order of their time, as a book tells them; one that is minutes older than the
    one before it is not taken, as at a gap.
    """

    def __init__(self, symbol: str, instrument_id: int, last: int = 0, number: int = 0) -> None:
        """Start behind the trade `last`, which the feed event `number` told of."""
        self.symbol = symbol
        self.instrument_id = instrument_id
        self.last = last
        self.number = number
        self.first = 0  # the first trade of the minutes that were adopted, 0: none
        self.trouble = ""  # what keeps new trades from being taken, in words; empty when nothing
        # From here on all trades are known: a bar that starts earlier is not told of.
        self.since_ms = 0
        self._minute: Bar | None = None  # the newest, which later trades may still change
        self._minute_end_ms = 0
        self._longer: dict[int, Bar] = {}  # by interval: closed minutes of the newest bar
        self._day = Day()
        self._closed: list[Candle] = []  # not handed out yet
        self._told = dict.fromkeys((MINUTE_S, *LONGER_S), last)  # by interval: how far
        self._told_day: DayTicker | None = None

    def take(self, first: int, trades: Sequence[Trade]) -> Verdict:
        """Take what is new in trades that are numbered from `first` on."""
        known = self.last - first + 1
        if known < 0:
            self.trouble = f"trade {self.last + 1} is missing (the next one is {first})"
            return Verdict.GAP
        if known >= len(trades):
            return Verdict.DUPLICATE
        at, end = known, len(trades)
        while at < end:
            start_ms = start_of(trades[at].time_ms, MINUTE_S)
            minute = self._minute
            if minute is not None and start_ms < minute.start_ms:
                self.trouble = f"trade {first + at} is older than the one before it"
                return Verdict.REFUSED
            if minute is None or start_ms > minute.start_ms:
                self._open(Bar.first_of(start_ms, first + at, trades[at]))
                at += 1
            # A book's time never goes back, so what is behind the minute is behind all of it.
            stop = bisect_left(trades, self._minute_end_ms, at, key=_TIME)
            if stop > at:
                assert self._minute is not None, "it was opened above"
                self._minute.add(trades[at:stop])
                at = stop
            self.last, self.number = first + at - 1, trades[at - 1].number
        self.trouble = ""
        return Verdict.TAKEN

    def adopt(self, minute: Bar) -> None:
        """Take a minute as a whole: the one behind the last trade known, or the first ever."""
        self.first = self.first or minute.first
        self._open(minute)
        self.last, self.number = minute.last, minute.number

    def begin(self, first: int, time_ms: int) -> None:
        """Begin anew at trade `first`, of this time: those before it are gone for good, if any.

        What they were part of is not told of: the first bars begin behind that time.
        """
        if first <= self.last:
            self._told, self._closed = dict.fromkeys(self._told, first - 1), []
        self.since_ms = time_ms + 1 if first > 1 else 0
        self.first, self.last, self.trouble = 0, first - 1, ""
        self._minute, self._longer, self._day = None, {}, Day()

    def _open(self, minute: Bar) -> None:
        """Close the minute that was open, and what ends with it."""
        if (closed := self._minute) is not None:
            for interval_s in LONGER_S:
                bar = self._with(interval_s, closed)
                if minute.start_ms >= bar.start_ms + interval_s * 1_000:
                    self._longer.pop(interval_s, None)
                    self._tell(bar, interval_s)
                else:
                    self._longer[interval_s] = bar
            self._tell(closed, MINUTE_S)
            self._day.add(closed)
        self._minute, self._minute_end_ms = minute, minute.start_ms + MINUTE_MS

    def _with(self, interval_s: int, minute: Bar) -> Bar:
        """Return the newest bar of an interval with a minute behind its closed ones."""
        closed = self._longer.get(interval_s)
        if closed is None:
            return replace(minute, start_ms=start_of(minute.start_ms, interval_s))
        return closed.then(minute, closed.start_ms)

    def _tell(self, bar: Bar, interval_s: int) -> None:
        if bar.start_ms >= self.since_ms and bar.last > self._told[interval_s]:
            self._closed.append(bar.candle(self.instrument_id, interval_s))
            self._told[interval_s] = bar.last

    def news(self, intervals_s: Sequence[int]) -> list[Candle]:
        """Return each bar that has closed since the last call, and the open ones that changed.

        Open ones of these intervals only; the others can wait.
        """
        if (minute := self._minute) is not None:
            for interval_s in intervals_s:
                if self._told[interval_s] < minute.last:
                    bar = minute if interval_s == MINUTE_S else self._with(interval_s, minute)
                    self._tell(bar, interval_s)
        news, self._closed = self._closed, []
        return news

    def day(self, now_ms: int) -> DayTicker | None:
        """Return the last 24 hours as of now, if that is new and all of it is known."""
        ticker = self._day.ticker(self.instrument_id, now_ms, self._minute, self.last, self.number)
        if ticker == self._told_day or ticker.until_ms - DAY_MS < self.since_ms:
            return None
        self._told_day = ticker
        return ticker
