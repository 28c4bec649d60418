"""Trades and candles on their way into a store: repeats, holes, several bars of one name."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

from stores import make
from stores.contract import FOREVER

from partita.deploy.audit.stored_market import StoredMarket
from partita.ledger.projector.projection import Projection
from partita.ledger.store.rows import Source
from partita.ledger.store.sqlite import SqliteStore
from partita.log.port import Record
from partita.schemas.codec import encode
from partita.schemas.enums import Side
from partita.schemas.market_data import Candle, Trade, TradeBatch

TRADES, CANDLES = Source("trades", "id", 0), Source("candles", "id", 0)


def batch(first: int, count: int) -> bytes:
    """Return a record of trades; each is what its id makes it."""
    trades = tuple(
        Trade(n * 3, 1_000 + n, Side.BUY if n % 2 else Side.SELL, 100 + n, n)
        for n in range(first, first + count)
    )
    return encode(TradeBatch(b"", 1, first, trades))


def bar(last_trade_id: int) -> bytes:
    """Return a record of a bar as it stood behind a trade."""
    row = make.candle(last_trade_id=last_trade_id, close=last_trade_id)
    return encode(Candle(b"", *row))


def written(path: Path, topic: Source, values: Sequence[bytes], at_once: int) -> SqliteStore:
    """Project records, so many at a time, each time by a projector that has just started."""
    store = SqliteStore.open(path, FOREVER)
    for start in range(0, len(values), at_once):
        projection = Projection(store, [topic])
        for offset, value in enumerate(values[: start + at_once]):
            projection.take(topic.topic, Record(0, offset, 1, value))
        projection.flush()
    return store


def test_trades_come_once_whatever_is_repeated_or_late(tmp_path: Path) -> None:
    """A hole is filled when what is missing comes; it holds nothing up."""
    values = [batch(n, 5) for n in range(1, 40, 5)]
    mixed = [*values, *values[:3], batch(2, 9)]
    random.Random(4).shuffle(mixed)

    store = written(tmp_path / "store.sqlite", TRADES, mixed, at_once=2)

    found = store.trades(1, None, 100)
    assert list(range(40, 0, -1)) == [row.trade_id for row in found]
    assert all((row.price, row.size, row.number) == (100 + n, n, 3 * n)
               for row in found for n in (row.trade_id,))  # fmt: skip
    assert len(mixed) == store.progress()[TRADES].offset


def test_of_a_bar_the_one_behind_the_last_trade_counts(tmp_path: Path) -> None:
    """In one write and over several, in whatever order they came."""
    for at_once in (1, 2, 10):
        path = tmp_path / f"{at_once}.sqlite"
        store = written(path, CANDLES, [bar(3), bar(9), bar(4), bar(9), bar(8)], at_once)

        assert [(9, 9)] == [(row.last_trade_id, row.close) for row in store.candles(1, 60, None, 9)]


def test_a_topic_made_anew_is_read_from_its_start(tmp_path: Path) -> None:
    """What is derived can be derived again; the rows are the same."""
    store = written(tmp_path / "store.sqlite", TRADES, [batch(1, 5), batch(6, 5)], at_once=2)
    anew = TRADES._replace(topic_id="another")
    projection = Projection(store, [anew])

    assert {0: 0} == projection.offsets("trades")
    for offset, value in enumerate([batch(1, 2), batch(3, 12)]):
        projection.take("trades", Record(0, offset, 1, value))
    projection.flush()

    assert list(range(14, 0, -1)) == [row.trade_id for row in store.trades(1, None, 100)]


def test_the_audit_compares_them_too(tmp_path: Path) -> None:
    """Another content and what is missing are found; what the retention took is not missed."""
    values = [batch(1, 5), batch(6, 5)]
    records = [Record(0, offset, 1, value) for offset, value in enumerate(values)]
    store = written(tmp_path / "store.sqlite", TRADES, values, at_once=2)
    found: list[str] = []
    for change in (
        "DELETE FROM trades WHERE trade_id = 1",  # as the retention does
        "UPDATE trades SET price = 1 WHERE trade_id = 4",
        "DELETE FROM trades WHERE trade_id = 7",
    ):
        store._connection.execute(change)  # noqa: SLF001 - told on purpose
        found.clear()
        StoredMarket(store, found.append).take(records)
        assert change.startswith("DELETE FROM trades WHERE trade_id = 1") == (not found)
    assert 2 == len(found)


def test_of_the_last_hours_all_must_be_there(tmp_path: Path) -> None:
    """No retention is as short, so a store that has lost all trades of a symbol is found out."""
    store = SqliteStore.open(tmp_path / "store.sqlite", FOREVER)
    now_ms = time.time_ns() // 1_000_000
    trades = tuple(Trade(n, now_ms - n, Side.BUY, 100, 1) for n in (1, 2))
    found: list[str] = []

    StoredMarket(store, found.append).take(
        [Record(0, 0, now_ms, encode(TradeBatch(b"", 1, 1, trades)))]
    )

    assert 2 == len(found)
