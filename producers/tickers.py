"""Best bid and offer and last price of each symbol, the newest only."""

import asyncio
import weakref
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from partita.producers.catalogue import Catalogue, Listed
from partita.producers.views import TickerView
from partita.schemas.converter import Message
from partita.schemas.decimals import from_steps
from partita.schemas.errors import PartitaError
from partita.schemas.feed import Ticker


class TickerBook:
    """The newest ticker of each symbol, and who waits for the next."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._latest: dict[int, Ticker] = {}
        # Of instruments that the catalogue does not know yet: one is listed, and its first ticker
        # was faster than its rules.
        self._unlisted: dict[int, Ticker] = {}
        self._feeds: dict[int, _Changes] = {}

    def take(self, tickers: Sequence[Message]) -> None:
        """Take tickers; what is not newer than the known one is a repeat."""
        changed = {}
        for new in tickers:
            if not isinstance(new, Ticker):
                continue  # the day's figures stand on the same topic
            known = self._latest.get(new.instrument_id)
            if known is None or known.number < new.number:
                self._latest[new.instrument_id] = new
                changed[new.instrument_id] = new
        self._tell(changed)

    def retell(self) -> None:
        """Tell of tickers whose instruments have become known since they came."""
        if self._unlisted:
            self._tell({})

    def _tell(self, changed: Mapping[int, Ticker]) -> None:
        waiting = {**self._unlisted, **changed}
        known = {at: ticker for at, ticker in waiting.items() if self._catalogue.knows(at)}
        self._unlisted = {at: ticker for at, ticker in waiting.items() if at not in known}
        for feed in self._feeds.values():
            feed.put(known.values())

    def view(self, symbol: str) -> TickerView | None:
        """Return a symbol's newest ticker; None before the first. Raises InvalidValue."""
        listed = self._catalogue.listed(symbol)
        ticker = self._latest.get(listed.instrument.instrument_id)
        return None if ticker is None else ticker_view(listed, ticker)

    def follow(self, symbols: Sequence[str]) -> "Tickers":
        """Return the tickers of these symbols, or of all, as they change. Raises InvalidValue."""
        ids = {self._catalogue.listed(symbol).instrument.instrument_id for symbol in symbols}
        changes = _Changes(frozenset(ids))
        changes.put(one for at, one in self._latest.items() if at not in self._unlisted)
        self._feeds[id(changes)] = changes
        return Tickers(self, changes, self._catalogue)

    def forget(self, changes: "_Changes") -> None:
        """Stop telling; nothing if it was stopped."""
        self._feeds.pop(id(changes), None)

    def end(self, error: PartitaError | None) -> None:
        """End all that follow, with an error or without."""
        for feed in self._feeds.values():
            feed.end(error)


class _Changes:
    """What has changed since it was last looked at; of one symbol the newest only."""

    def __init__(self, instrument_ids: frozenset[int]) -> None:
        self._ids = instrument_ids  # empty: all
        self._changed: dict[int, Ticker] = {}
        self._wake = asyncio.Event()
        self._ended = False
        self._error: PartitaError | None = None

    def put(self, tickers: Iterable[Ticker]) -> None:
        for ticker in tickers:
            if not self._ids or ticker.instrument_id in self._ids:
                self._changed[ticker.instrument_id] = ticker
        if self._changed:
            self._wake.set()

    def end(self, error: PartitaError | None) -> None:
        self._ended, self._error = True, error
        self._wake.set()

    async def get(self) -> Ticker:
        while not self._changed:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._changed.pop(next(iter(self._changed)))


class Tickers:
    """An iterator that never falls behind: it skips what was overtaken. Ends with its client."""

    def __init__(self, book: TickerBook, changes: _Changes, catalogue: Catalogue) -> None:
        self._changes = changes
        self._catalogue = catalogue
        self._finalizer = weakref.finalize(self, book.forget, changes)

    def __aiter__(self) -> "Tickers":
        return self

    async def __anext__(self) -> TickerView:
        ticker = await self._changes.get()
        return ticker_view(self._catalogue.by_id(ticker.instrument_id), ticker)

    async def aclose(self) -> None:
        """Stop following; an iterator that is not used any more does so by itself."""
        self._finalizer()
        self._changes.end(None)


def ticker_view(listed: Listed, ticker: Ticker) -> TickerView:
    """Return a ticker in decimals."""

    def pair(price: int, size: int, there: int) -> tuple[Decimal | None, Decimal | None]:
        if not there:
            return None, None
        return from_steps(price, listed.price_step), from_steps(size, listed.size_step)

    return TickerView(
        listed.instrument.symbol,
        ticker.number,
        ticker.time_ms,
        *pair(ticker.bid, ticker.bid_size, ticker.bid),
        *pair(ticker.ask, ticker.ask_size, ticker.ask),
        *pair(ticker.last_price, ticker.last_size, ticker.last_trade_id),
    )
