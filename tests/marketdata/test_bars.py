"""Candles and the day's figures, against a second computation that is naive."""

import random
from collections.abc import Callable

import pytest
from bars import naive
from bars.life import SYMBOLS, Life
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.log.edges import Verdict
from partita.marketdata.bars.bar import INTERVALS_S
from partita.marketdata.bars.partition import PartitionBars
from partita.marketdata.bars.standing import Standing
from partita.marketdata.bars.symbol import SymbolBars
from partita.schemas.enums import Side
from partita.schemas.market_data import Candle, DayTicker, Trade, TradeBatch

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_700_000_000_000

# Most trades are close together; some come after hours or days.
PAUSES_MS = st.one_of(
    st.integers(0, 2_000), st.integers(0, 20 * MINUTE_MS), st.integers(0, 30 * 3_600_000)
)


@st.composite
def trades(draw: st.DrawFn, size_max: int = 60) -> list[naive.Numbered]:
    """Return the trades of a symbol from the first on."""
    time_ms, number, found = START_MS, 0, list[naive.Numbered]()
    for trade_id in range(1, draw(st.integers(0, size_max)) + 1):
        time_ms += draw(PAUSES_MS)
        number += draw(st.integers(1, 5))
        price, size = draw(st.integers(1, 50)), draw(st.integers(1, 9))
        found.append((trade_id, Trade(number, time_ms, Side.BUY, price, size)))
    return found


def batch(symbol: str, numbered: list[naive.Numbered]) -> TradeBatch:
    """Return consecutive trades as a record."""
    return TradeBatch(b"", SYMBOLS[symbol], numbered[0][0], tuple(trade for _, trade in numbered))


def cut(rng: random.Random, symbol: str, all_of: list[naive.Numbered]) -> list[TradeBatch]:
    """Return trades as batches, some of which repeat what came before."""
    at, found = 0, list[TradeBatch]()
    while at < len(all_of):
        start = max(0, at - rng.choice((0, 0, 0, 1, 7)))
        end = at + rng.randint(1, 9)
        found.append(batch(symbol, all_of[start:end]))
        at = min(end, len(all_of))
    return found


def coin(rng: random.Random, share: float) -> Callable[[], bool]:
    """Return what comes up True so often."""
    return lambda: rng.random() < share


def interleaved(
    rng: random.Random, parts: dict[str, list[TradeBatch]]
) -> list[tuple[str, TradeBatch]]:
    """Return the batches of several symbols in an order that keeps each one's."""
    order = [symbol for symbol, batches in parts.items() for _ in batches]
    rng.shuffle(order)
    sources = {symbol: iter(batches) for symbol, batches in parts.items()}
    return [(symbol, next(sources[symbol])) for symbol in order]


@given(trades(), st.randoms(use_true_random=False))
def test_bars_are_those_of_a_naive_computation(
    all_of: list[naive.Numbered], rng: random.Random
) -> None:
    """However the trades are cut and repeated, and however often bars are told of."""
    bars, told = SymbolBars("BTC-USD", 1), dict[bytes, Candle]()
    for one in cut(rng, "BTC-USD", all_of):
        bars.take(one.first, one.trades)
        for candle in bars.news(INTERVALS_S if rng.random() < 0.3 else ()):
            told[b"BTC-USD/%d/%d" % (candle.interval_s, candle.start_ms)] = candle
    for candle in bars.news(INTERVALS_S):
        told[b"BTC-USD/%d/%d" % (candle.interval_s, candle.start_ms)] = candle

    assert naive.candles("BTC-USD", 1, all_of) == told


@given(trades(), st.randoms(use_true_random=False), st.integers(0, 40 * 3_600_000))
def test_the_day_is_that_of_a_naive_computation(
    all_of: list[naive.Numbered], rng: random.Random, later_ms: int
) -> None:
    """At any time, while trades come and when none comes any more."""
    bars, known = SymbolBars("BTC-USD", 1), 0
    for one in cut(rng, "BTC-USD", all_of):
        bars.take(one.first, one.trades)
        known = max(known, one.first + len(one.trades) - 1)
        day = bars.day(one.trades[-1].time_ms + rng.choice((0, 0, 3 * MINUTE_MS)))
        assert day is None or naive.day(1, day.until_ms, all_of[:known]) == day
    last_ms = all_of[-1][1].time_ms if all_of else START_MS
    day = bars.day(last_ms + DAY_MS + later_ms)

    assert day == naive.day(1, day.until_ms if day else 0, all_of)
    assert day is not None
    assert (0, 0) == (day.volume, day.trades)
    assert day.until_ms - MINUTE_MS <= last_ms + DAY_MS + later_ms < day.until_ms


@settings(max_examples=100)
@given(trades(), trades(), st.randoms(use_true_random=False))
def test_kills_at_any_instant_leave_the_candles_of_an_undisturbed_run(
    btc: list[naive.Numbered], eth: list[naive.Numbered], rng: random.Random
) -> None:
    """What was sent may arrive in part, and old words of another process may come behind it."""
    parts = {
        "BTC-USD": cut(rng, "BTC-USD", btc),
        "ETH-USD": cut(rng, "ETH-USD", eth),
    }
    life, now_ms = Life(), START_MS
    for record in interleaved(rng, parts):
        now_ms = max(now_ms, record[1].trades[-1].time_ms)
        life.trades.append(record)
        if rng.random() < 0.7:
            life.stream()
        match rng.randrange(8):
            case 0 | 1:
                life.tell(now_ms)
            case 2:
                life.tell(now_ms, everything=False)
            case 3:
                life.tell(now_ms, arrives=coin(rng, rng.random()))
                life.start()
            case 4:
                life.start()
            case 5 if life.told:
                frozen = rng.choice(life.told[-6:])
                if rng.random() < 0.5 or isinstance(frozen[1], Candle):
                    life.told.append(frozen)  # a process that was frozen says it now
                if rng.random() < 0.5:
                    life.compact()
                life.start()
            case _:
                pass
    life.start()
    life.tell(now_ms)

    expected: dict[bytes, Candle | DayTicker] = {
        **naive.candles("BTC-USD", 1, btc),
        **naive.candles("ETH-USD", 2, eth),
    }
    latest = life.latest()
    until_ms = now_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
    expected[b"BTC-USD/24h"] = naive.day(1, until_ms, btc)
    expected[b"ETH-USD/24h"] = naive.day(2, until_ms, eth)
    assert expected == latest


def test_a_minute_is_in_the_day_as_long_as_all_of_it_is() -> None:
    """In the window that starts with it, and not in the next one."""
    minute_ms = START_MS // MINUTE_MS * MINUTE_MS
    bars = SymbolBars("BTC-USD", 1)
    bars.take(1, [Trade(1, minute_ms, Side.BUY, 7, 1)])
    for closed in (False, True):
        if closed:
            bars.take(2, [Trade(2, minute_ms + MINUTE_MS, Side.BUY, 8, 1)])
        day = bars.day(minute_ms + DAY_MS - MINUTE_MS if not closed else minute_ms + DAY_MS - 1)
        assert day is None or (minute_ms + DAY_MS, 7) == (day.until_ms, day.open)
    day = bars.day(minute_ms + DAY_MS)

    assert day is not None
    assert (minute_ms + DAY_MS + MINUTE_MS, 8, 1) == (day.until_ms, day.open, day.trades)


def test_old_words_behind_newer_ones_are_said_again() -> None:
    """Those of a process that was frozen; the newer ones are still there, so no trade is read."""
    all_of, life = some(20), Life()
    life.trades = [("BTC-USD", batch("BTC-USD", all_of[:9]))]
    life.stream()
    life.tell(START_MS)
    old = list(life.told)
    life.trades.append(("BTC-USD", batch("BTC-USD", all_of[9:])))
    life.stream()
    life.tell(START_MS)
    life.told += [told for told in old if told[0].startswith(b"BTC-USD/")]
    life.start()
    life.tell(START_MS)

    assert 0 == life.reads
    assert naive.candles("BTC-USD", 1, all_of) == {
        k: v for k, v in life.latest().items() if isinstance(v, Candle)
    }


def test_old_words_that_compaction_left_alone_are_found_out() -> None:
    """The day's record knows of more trades, and all are read again."""
    all_of, life = some(10), Life()  # the last two are in one minute
    life.trades = [("BTC-USD", batch("BTC-USD", all_of[:9]))]
    life.stream()
    life.tell(START_MS)
    old = [told for told in life.told if isinstance(told[1], Candle)]
    life.trades.append(("BTC-USD", batch("BTC-USD", all_of[9:])))
    life.stream()
    life.tell(START_MS)
    life.told += old
    life.compact()
    life.start()
    life.tell(START_MS)

    assert 2 == life.reads
    assert naive.candles("BTC-USD", 1, all_of) == {
        k: v for k, v in life.latest().items() if isinstance(v, Candle)
    }


@pytest.mark.parametrize("mark", [None, 0])
def test_a_first_minute_that_did_not_arrive_is_found_out(mark: int | None) -> None:
    """Trades from before what stands are read: so what stands does not begin where it should."""
    all_of, life = some(10), Life()
    life.trades = [("BTC-USD", batch("BTC-USD", all_of))]
    life.stream()
    life.tell(START_MS, arrives=iter([False] + [True] * 100).__next__)
    assert naive.candles("BTC-USD", 1, all_of[:1]).keys() - life.latest().keys()
    life.mark = mark
    life.start()
    life.tell(START_MS)

    assert naive.candles("BTC-USD", 1, all_of) == {
        k: v for k, v in life.latest().items() if isinstance(v, Candle)
    }


def test_what_began_before_the_window_of_a_start_is_not_told() -> None:
    """Only what was told lately is read at a start: longer bars that began before are not known."""
    all_of, standing = some(6_000), Standing()
    for candle in naive.candles("BTC-USD", 1, all_of).values():
        if candle.last_trade_id > 3_000:  # what stands from before was not read
            standing.hear("BTC-USD", candle)
    since_ms = all_of[3_100][1].time_ms
    bars = PartitionBars(standing, since_ms, 7, full=False)
    bars.take(7, "BTC-USD", batch("BTC-USD", all_of[5_990:]))
    bars.opened()
    end_ms = all_of[-1][1].time_ms

    assert bars.whole
    assert not bars.gap
    assert [] == bars.news(INTERVALS_S)
    assert [] == bars.days(end_ms)
    ((_, day),) = bars.days(since_ms + DAY_MS)
    assert isinstance(day, DayTicker)
    assert naive.day(1, day.until_ms, all_of) == day


def some(count: int, first: int = 1) -> list[naive.Numbered]:
    """Return consecutive trades, 20 s apart."""
    return [
        (n, Trade(3 * n, START_MS + 20_000 * n, Side.SELL, 100 + n % 7, n % 5 + 1))
        for n in range(first, first + count)
    ]


def test_a_gap_waits_until_the_missing_trade_comes() -> None:
    """What is behind it is read again then; the other symbol goes on meanwhile."""
    all_of, life = some(30), Life()
    life.trades = [
        ("BTC-USD", batch("BTC-USD", all_of[:10])),
        ("BTC-USD", batch("BTC-USD", all_of[15:20])),
        ("BTC-USD", batch("BTC-USD", all_of[20:])),
        ("ETH-USD", batch("ETH-USD", all_of)),
    ]
    life.stream()
    life.tell(START_MS)

    assert ["BTC-USD: trade 11 is missing (the next one is 21)"] == life.bars.troubles()
    assert 1 == life.mark
    expected = naive.candles("BTC-USD", 1, all_of[:10]) | naive.candles("ETH-USD", 2, all_of)
    assert expected == {k: v for k, v in life.latest().items() if isinstance(v, Candle)}

    life.trades.append(("BTC-USD", batch("BTC-USD", all_of[9:16])))
    life.stream()
    life.tell(START_MS)

    assert not life.bars.troubles()
    assert 5 == life.mark
    expected = naive.candles("BTC-USD", 1, all_of) | naive.candles("ETH-USD", 2, all_of)
    assert expected == {k: v for k, v in life.latest().items() if isinstance(v, Candle)}


def test_trades_that_are_gone_are_not_guessed() -> None:
    """A bar that they may have been part of is not told of, nor a day."""
    all_of, life = some(3_000), Life()
    life.trades = [("BTC-USD", batch("BTC-USD", all_of[100:]))]
    life.start()
    life.tell(START_MS + 20_000 * 3_000)

    first_ms = all_of[100][1].time_ms
    expected = {
        key: candle
        for key, candle in naive.candles("BTC-USD", 1, all_of).items()
        if candle.start_ms > first_ms
    }
    latest = life.latest()
    assert expected == {k: v for k, v in latest.items() if isinstance(v, Candle)}
    assert b"BTC-USD/24h" not in latest


def test_a_mark_that_is_too_far_does_no_harm() -> None:
    """The trades before it are missed, and read from the start of what is kept."""
    all_of, life = some(50), Life()
    life.trades = [("BTC-USD", batch("BTC-USD", all_of[:20]))]
    life.stream()
    life.tell(START_MS)
    life.trades += [
        ("BTC-USD", batch("BTC-USD", all_of[20:40])),
        ("BTC-USD", batch("BTC-USD", all_of[40:])),
    ]
    life.mark = 2
    life.start()
    life.tell(START_MS)

    assert 3 == life.reads
    assert naive.candles("BTC-USD", 1, all_of) == {
        k: v for k, v in life.latest().items() if isinstance(v, Candle)
    }


def test_a_start_without_news_tells_nothing() -> None:
    """What stands already is not said again, except for the day."""
    all_of, life = some(5_000), Life()
    life.trades = [("BTC-USD", batch("BTC-USD", all_of))]
    life.stream()
    life.tell(START_MS)
    told = len(life.told)
    life.start()
    life.tell(START_MS)

    assert {"BTC-USD/24h", "ETH-USD/24h"} == {key.decode() for key, _ in life.told[told:]}


def test_a_trade_from_before_the_open_minute_is_not_taken() -> None:
    """A book's time never goes back: the batch waits as at a gap."""
    bars = SymbolBars("BTC-USD", 1)
    (_, first), (_, second) = some(2, first=10)
    assert Verdict.TAKEN == bars.take(1, [first, second._replace(time_ms=START_MS + 10**7)])

    assert Verdict.REFUSED == bars.take(3, [second])
    assert "trade 3 is older than the one before it" == bars.trouble
    assert 2 == bars.last


@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_a_bar_starts_at_a_multiple_of_its_interval(interval_s: int) -> None:
    """The first millisecond of an interval is inside, the one after its last is not."""
    ms = interval_s * 1_000
    start_ms = START_MS // ms * ms
    times = (start_ms, start_ms + ms - 1, start_ms + ms)
    bars = SymbolBars("BTC-USD", 1)
    bars.take(1, [Trade(n, time_ms, Side.BUY, 1, 1) for n, time_ms in enumerate(times, 1)])

    found = [(c.start_ms, c.last_trade_id) for c in bars.news([interval_s])]
    of_it = [one for one in found if one[0] in {start_ms, start_ms + ms}]
    assert (start_ms, 2) in of_it
    assert (start_ms + ms, 3) in of_it
