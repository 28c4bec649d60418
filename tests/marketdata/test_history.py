"""Trades that have been: each once, and what is missing is told of."""

from collections.abc import Iterator

import pytest
from books.make import INSTRUMENT

from partita.log.port import Record
from partita.marketdata import history
from partita.schemas.codec import encode
from partita.schemas.enums import Side
from partita.schemas.market_data import Trade, TradeBatch


def stored(*firsts: int) -> list[Record]:
    """Return records of two trades each, numbered from these on."""
    trades = tuple(Trade(n, 1_000 + n, Side.BUY, 100, 1) for n in (1, 2))
    key = INSTRUMENT.symbol.encode()
    return [
        Record(0, at, 1, encode(TradeBatch(b"", INSTRUMENT.instrument_id, first, trades)), key)
        for at, first in enumerate(firsts)
    ]


@pytest.mark.parametrize(
    ("firsts", "told", "warned"),
    [((5, 7, 5, 7, 9), 6, False), ((5, 9), 2, True), ((5, 9, 7, 9), 6, False)],
)
def test_a_hole_in_what_is_kept_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    firsts: tuple[int, ...],
    told: int,
    warned: bool,
) -> None:
    """Nothing behind it is taken until it is filled: a list that ends there must not look whole."""

    def records(*_: object) -> Iterator[Record]:
        yield from stored(*firsts)

    monkeypatch.setattr(history, "_records", records)

    found = list(history.trades_between("", INSTRUMENT, None, None))

    assert list(range(5, 5 + told)) == [trade.trade_id for trade in found]
    assert warned == ("trade 7 is missing" in caplog.text)
    caplog.clear()
    found, _ = history.last_trades("", INSTRUMENT, told)
    assert told == len(found)
    assert warned == ("trade 7 is missing" in caplog.text)
