"""How trades and candles that have been are shown and exported; without an exchange."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from books.make import INSTRUMENT
from rich.console import Console, RenderableType

from partita.deploy.commands.candles import bar_of, chart, picture
from partita.deploy.commands.export import CANDLE_COLUMNS, write
from partita.schemas.errors import InvalidValue
from partita.schemas.market_data import Candle

# Tick 0.01, lot 0.00000001, ten decimals of the dollar.
BTC = INSTRUMENT._replace(
    symbol="BTC-USD", base_decimals=8, quote_decimals=10, tick=100_000_000, lot=1, notional_unit=1
)


def candle(minute: int, first: int, high: int, low: int, last: int) -> Candle:
    """Return a bar of a minute with prices in dollars; trades 10n to 10n + 4, 0.5 coins in all."""
    n = 10 * minute
    prices = (first * 100, high * 100, low * 100, last * 100)
    start_ms = 1_700_000_040_000 + minute * 60_000
    return Candle(b"", 1, 60, start_ms, *prices, 50_000_000, 250_000_000_000_000, n, n + 4, n)


def text(shown: RenderableType, width: int = 60) -> list[str]:
    """Return what a console of a width shows, without the spaces at the ends of lines."""
    out = io.StringIO()
    Console(file=out, width=width).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


BARS = [
    bar_of(candle(1, 100, 140, 100, 120), BTC),
    bar_of(candle(2, 120, 120, 110, 110), BTC),
]


def test_a_candle_is_exact_in_decimals() -> None:
    """Prices, the volume of the base and the notional of the quote asset."""
    bar = BARS[0]

    assert (Decimal("100.00"), Decimal("140.00")) == (bar.open, bar.high)
    assert (Decimal("0.50000000"), Decimal("25000.0000000000")) == (bar.volume, bar.notional)
    assert (5, 10, 14) == (bar.trades, bar.first_trade_id, bar.last_trade_id)


def test_the_chart_has_bodies_and_wicks() -> None:
    """From the highest price at the top to the lowest, a column a bar."""
    assert [
        "140.00 │",
        "       │",
        "       █ █",
        "       █ █",
        "100.00 █",
    ] == text(chart(BARS, 60, rows=5))


def test_the_chart_shows_the_newest_that_fit() -> None:
    """On a narrow terminal, and where all prices are one."""
    one = bar_of(candle(3, 100, 100, 100, 100), BTC)

    assert ["100.00 █ █"] == text(chart([one] * 50, 12))


def test_the_table_stands_below_the_chart() -> None:
    """With the numbers of each bar; without any it says so."""
    lines = text(picture("BTC-USD", "1m", BARS, 100), 100)

    assert "BTC-USD 1m" == lines[0]
    assert lines[-1].split() == [
        *("2023-11-14", "22:16", "120.00", "120.00", "110.00", "110.00", "0.50000000", "5"),
    ]
    assert ["BTC-USD: no trade yet, so no bars"] == text(picture("BTC-USD", "1m", [], 100), 100)


def test_an_export_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """What was there before stays when the rows cannot all be read."""
    file = tmp_path / "btc.csv"
    row = {"start": "x"} | BARS[0]._asdict()
    assert 1 == write(str(file), CANDLE_COLUMNS, [row])
    before = file.read_text()
    assert "x,1700000100000,100.00,140.00,100.00,120.00,0.50000000" in before

    with pytest.raises(ZeroDivisionError):
        write(str(file), CANDLE_COLUMNS, (row | {"open": 1 // n} for n in (1, 0)))
    assert before == file.read_text()
    with pytest.raises(InvalidValue, match="cannot be written"):
        write(str(tmp_path / "nowhere" / "btc.csv"), CANDLE_COLUMNS, [row])
