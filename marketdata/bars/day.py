"""The last 24 hours in whole minutes."""

from collections import deque

from partita.marketdata.bars.bar import MINUTE_MS, Bar, start_of
from partita.schemas.market_data import DayTicker

DAY_MS = 86_400_000


class Day:
    """The closed minutes of a symbol that may still be in the window."""

    def __init__(self) -> None:
        self._minutes: deque[Bar] = deque()
        self._until_ms = 0
        self._sum: Bar | None = None  # of the closed minutes in the window up to _until_ms
        self._stale = False

    def add(self, minute: Bar) -> None:
        """Add the minute that has closed; it never changes again."""
        self._minutes.append(minute)
        self._stale = True

    def ticker(
        self, instrument_id: int, now_ms: int, minute: Bar | None, last: int, number: int
    ) -> DayTicker:
        """Return the figures as of now, with the minute that is open and the last trade known.

        The window never goes back, whatever the clock does.
        """
        newest_ms = max(now_ms, minute.start_ms if minute else 0)
        until_ms = max(self._until_ms, start_of(newest_ms, 60) + MINUTE_MS)
        if until_ms > self._until_ms or self._stale:
            self._move(until_ms)
        found = self._sum
        if minute is not None and minute.start_ms >= until_ms - DAY_MS:
            found = minute if found is None else found.then(minute, found.start_ms)
        if found is None:
            return DayTicker(b"", instrument_id, until_ms, 0, 0, 0, 0, 0, 0, 0, last, number)
        return DayTicker(
            b"",
            instrument_id,
            until_ms,
            found.open,
            found.high,
            found.low,
            found.close,
            found.volume,
            found.notional,
            found.last - found.first + 1,
            last,
            number,
        )

    def _move(self, until_ms: int) -> None:
        self._until_ms, self._stale, self._sum = until_ms, False, None
        minutes = self._minutes
        while minutes and minutes[0].start_ms < until_ms - DAY_MS:
            minutes.popleft()
        if not minutes:
            return
        first, last = minutes[0], minutes[-1]
        self._sum = Bar(
            first.start_ms,
            first.open,
            max(minute.high for minute in minutes),
            min(minute.low for minute in minutes),
            last.close,
            sum(minute.volume for minute in minutes),
            sum(minute.notional for minute in minutes),
            first.first,
            last.last,
            last.number,
        )
