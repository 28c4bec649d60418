"""The newest ticker of each symbol."""

from decimal import Decimal

import pytest
from producers_support.make import BTC_USD, ETH_USD

from partita.producers.catalogue import Catalogue
from partita.producers.tickers import TickerBook
from partita.producers.views import TickerView
from partita.schemas.enums import Line
from partita.schemas.errors import InvalidValue
from partita.schemas.feed import Ticker

TICKER = Ticker(b"", Line.A, 1, 5, 1_000, 99, 10, 101, 20, 7, 100, 3)


def book() -> TickerBook:
    """Return one for two symbols."""
    catalogue = Catalogue()
    catalogue.take([BTC_USD, ETH_USD])
    return TickerBook(catalogue)


def test_a_ticker_is_shown_in_decimals() -> None:
    """Prices in ticks and sizes in lots become what people trade in."""
    tickers = book()
    tickers.take([TICKER])
    expected = TickerView(
        symbol="BTC-USD",
        number=5,
        time_ms=1_000,
        bid=Decimal("0.99"),
        bid_size=Decimal("0.0010"),
        ask=Decimal("1.01"),
        ask_size=Decimal("0.0020"),
        last_price=Decimal("1.00"),
        last_size=Decimal("0.0003"),
    )
    assert expected == tickers.view("BTC-USD")


def test_what_is_not_there_is_none() -> None:
    """No bid, no ask, no trade yet; and no ticker at all."""
    tickers = book()
    tickers.take([TICKER._replace(bid=0, bid_size=0, ask=0, ask_size=0, last_trade_id=0)])
    view = tickers.view("BTC-USD")
    assert view is not None
    assert (None,) * 6 == view[3:]
    assert tickers.view("ETH-USD") is None


def test_an_unknown_symbol_is_refused() -> None:
    """By the latest and by the stream."""
    with pytest.raises(InvalidValue):
        book().view("DOGE-USD")
    with pytest.raises(InvalidValue):
        book().follow(["DOGE-USD"])


@pytest.mark.parametrize("number", [4, 5])
def test_an_older_ticker_changes_nothing(number: int) -> None:
    """A restarted matcher sends them again."""
    tickers = book()
    tickers.take([TICKER, TICKER._replace(number=number, bid=1)])
    view = tickers.view("BTC-USD")
    assert view is not None
    assert view.bid == Decimal("0.99")


async def test_a_follower_gets_the_present_and_then_the_newest_only() -> None:
    """What was overtaken before it looked is skipped."""
    tickers = book()
    tickers.take([TICKER])
    stream = tickers.follow(["BTC-USD"])
    assert (await anext(stream)).number == 5
    tickers.take([TICKER._replace(number=number) for number in (6, 7)])
    tickers.take([TICKER._replace(number=8), TICKER._replace(number=1, instrument_id=2)])
    assert (await anext(stream)).number == 8
    tickers.end(None)
    assert [] == [view async for view in stream]


async def test_a_follower_of_all_gets_all() -> None:
    """Symbols of the first change first."""
    tickers = book()
    stream = tickers.follow([])
    tickers.take([TICKER._replace(instrument_id=2), TICKER])
    assert ["ETH-USD", "BTC-USD"] == [(await anext(stream)).symbol for _ in range(2)]
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_ticker_of_a_symbol_that_is_not_known_yet_waits_for_its_rules() -> None:
    """A symbol is listed while the client runs, and its ticker is there first."""
    catalogue = Catalogue()
    catalogue.take([BTC_USD])
    tickers = TickerBook(catalogue)
    early = tickers.follow([])
    tickers.take([TICKER._replace(instrument_id=2, number=1), TICKER])
    late = tickers.follow([])
    assert ["BTC-USD"] * 2 == [(await anext(stream)).symbol for stream in (early, late)]
    tickers.take([TICKER._replace(instrument_id=2, number=2)])

    catalogue.take([ETH_USD])
    tickers.retell()

    for stream in (early, late):
        shown = await anext(stream)
        assert ("ETH-USD", 2) == (shown.symbol, shown.number)
