"""The live picture of `partita watch`."""

from terminals.shown import BTC, replica, text

from partita.deploy.commands.screen import Screen
from partita.marketdata.client import Candles, Channel, DayChange, Notice, Trades
from partita.schemas import market_data
from partita.schemas.decimals import Increments
from partita.schemas.enums import Side
from partita.schemas.market_data import Candle, DayTicker

STEPS = Increments.of(BTC)
MINUTE = Candle(
    b"", 1, 60, 1_780_000_020_000, 5_000_000, 5_000_200, 4_999_900, 5_000_100, 3, 9, 7, 8, 9
)
DAY = DayTicker(
    b"", 1, 1_780_000_080_000, 5_000_000, 5_100_000, 4_900_000, 5_050_000, 5, 25_000_000, 2, 8, 9
)


def test_the_screen_has_ladder_day_trades_and_chart() -> None:
    """All of a symbol at a glance, the newest trade first."""
    screen = Screen(BTC)
    two = (
        market_data.Trade(4, 1_780_000_021_000, Side.BUY, 5_000_000, 100_000_000),
        market_data.Trade(9, 1_780_000_022_000, Side.SELL, 5_000_100, 200_000_000),
    )
    screen.take(Trades("BTC-USD", 6, two[:1], 0, STEPS), history=True)
    screen.take(Trades("BTC-USD", 7, two[1:], 0, STEPS))
    screen.take(DayChange("BTC-USD", DAY, STEPS))
    screen.take(Candles("BTC-USD", (MINUTE, MINUTE._replace(interval_s=300)), 0, STEPS))
    screen.take(Notice("BTC-USD", Channel.BOOK, "event 3 is missing"))
    book = replica((Side.BUY, 49_999, 100), (Side.SELL, 50_001, 200))

    shown = text(screen.picture(book, 110), 110)

    assert 1 == screen.seen
    whole = "\n".join(shown)
    for part in ("50,001.00", "49,999.00", "spread 2.00", "+1.00 %", "51,000.00", "49,000.00"):
        assert part in whole
    newest, older = whole.index("20:27:02"), whole.index("20:27:01")
    assert newest < older
    assert whole.count("█ \n") + whole.count("█\n") >= 1, whole
    assert "event 3 is missing" == shown[-1]


def test_the_screen_of_a_new_symbol_is_empty() -> None:
    """Before its first order nothing is there, and nothing is missing."""
    whole = "\n".join(text(Screen(BTC).picture(replica(), 110), 110))

    for part in ("empty", "no trades yet", "no bars yet"):
        assert part in whole
