"""What every store must do: the contract of partita.ledger.store.port as tests.

A suite of its own makes a subclass named `Test...` with a fixture `opener`: a function that opens
the one store of this test, empty at first, again and again, each time as another process would.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from stores import make

from partita.ledger.store.errors import StoreReplaced
from partita.ledger.store.port import Reader, Retention, Store
from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    Cause,
    EntryKind,
    EntryRow,
    FillRow,
    OrderRow,
    Rows,
    Source,
    TradeRow,
)
from partita.schemas.enums import OrderState
from partita.schemas.errors import PartitaError

Opener = Callable[..., Store]  # keywords: retention, anew

FOREVER = Retention(None, None)
DAY_MS = 86_400_000


def everything(store: Reader) -> dict[str, Any]:
    """Return all that a store holds, in an order of our own."""
    kinds: tuple[Any, ...] = (BalanceRow, OrderRow, FillRow, EntryRow, TradeRow, CandleRow)
    found: dict[str, Any] = {kind.__name__: sorted(store.scan(kind)) for kind in kinds}
    return found | {"progress": store.progress()}


class StoreContract:
    """Mix into a test class with the fixture `opener`."""

    @pytest.fixture
    def store(self, opener: Opener) -> Store:
        """Return the store, open, without retention."""
        return opener(retention=FOREVER)

    # Writing.

    def test_a_new_store_has_nothing(self, store: Store) -> None:
        """Every question has an answer before the first write."""
        assert {} == store.progress()
        assert [] == store.balances(1)
        assert store.order(1, 1) is None
        assert store.order_by_client_id(1, "one") is None
        assert [] == store.open_orders(1, 0, 10)
        assert [] == store.orders(1, None, 10)
        assert [] == store.done_orders(1, None, 10)
        assert [] == store.fills(1, None, 10)
        assert [] == store.order_fills(1, 1, None, 10)
        assert [] == store.entries(1, None, 10)
        assert [] == store.trades(1, None, 10)
        assert [] == store.candles(1, 60, None, 10)
        assert {} == store.load_orders([(1, 1)])
        assert {} == store.load_balances([(1, 1)])

    def test_what_is_written_comes_back_as_it_was(self, store: Store, opener: Opener) -> None:
        """To the last field and the last of 127 bits, also for who opens it later."""
        rows = Rows(
            fills=(make.fill(fee=(1 << 63) - 1),),
            entries=(make.entry(available=make.WIDE, available_change=-make.WIDE),),
            trades=(make.trade(),),
            candles=(make.candle(notional=make.WIDE),),
            orders=(make.order(notional=make.WIDE, fees=make.WIDE), make.done(order_id=2)),
            balances=(make.balance(available=make.WIDE, held=make.WIDE),),
            progress=(make.progress(5, cause=Cause(1, EntryKind.FILL, 4, "a", 3, 2, 1)),),
        )
        store.write(rows)

        for reader in (store, opener(retention=FOREVER)):
            assert list(rows.balances) == reader.balances(1)
            assert rows.orders[0] == reader.order(1, 1)
            assert list(rows.orders[::-1]) == reader.orders(1, None, 10)
            assert list(rows.fills) == reader.fills(1, None, 10)
            assert list(rows.entries) == reader.entries(1, None, 10)
            assert list(rows.trades) == reader.trades(1, None, 10)
            assert list(rows.candles) == reader.candles(1, 60, None, 10)
            assert {make.EVENTS: rows.progress[0]} == reader.progress()
            assert {(1, 2): rows.orders[1]} == reader.load_orders([(1, 2), (1, 3)])
            assert {(1, 1): rows.balances[0]} == reader.load_balances([(1, 1), (2, 1)])

    def test_types_come_back_too(self, store: Store) -> None:
        """Enums are members and flags are flags, not what they were stored as."""
        store.write(Rows(orders=(make.order(),), fills=(make.fill(),), entries=(make.entry(),)))

        (order,) = store.orders(1, None, 1)
        for kind, given, found in (
            (OrderRow, make.order(), order),
            (FillRow, make.fill(), store.fills(1, None, 1)[0]),
            (EntryRow, make.entry(), store.entries(1, None, 1)[0]),
        ):
            assert [type(value) for value in given] == [type(value) for value in found], kind

    def test_a_row_never_goes_backwards(self, store: Store) -> None:
        """Whatever comes later in time, the greater number counts."""
        new = Rows(
            candles=(make.candle(last_trade_id=8, close=7),),
            orders=(make.done(number=9),),
            balances=(make.balance(number=9, available=5),),
            progress=(make.progress(9),),
        )
        old = Rows(
            candles=(make.candle(last_trade_id=3),),
            orders=(make.order(number=4, state=OrderState.OPEN),),
            balances=(make.balance(number=4),),
            progress=(make.progress(4),),
        )
        for rows in (new, old):
            store.write(rows)

        assert list(new.candles) == store.candles(1, 60, None, 10)
        assert list(new.orders) == store.done_orders(1, None, 10)
        assert [] == store.open_orders(1, 0, 10), "nor does it come up again in another table"
        assert list(new.balances) == store.balances(1)
        assert new.progress == tuple(store.progress().values())

    def test_a_newer_row_takes_the_place_of_the_older(self, store: Store) -> None:
        """An order that ends leaves the open ones and joins the done ones."""
        store.write(Rows(orders=(make.order(state=OrderState.OPEN),), balances=(make.balance(),)))
        assert [make.order(state=OrderState.OPEN)] == store.open_orders(1, 0, 10)
        assert [] == store.done_orders(1, None, 10)

        store.write(Rows(orders=(make.done(),), balances=(make.balance(number=2, held=3),)))

        assert [] == store.open_orders(1, 0, 10)
        assert [make.done()] == store.done_orders(1, None, 10)
        assert make.done() == store.order(1, 1) == store.order_by_client_id(1, "one")
        assert [make.balance(number=2, held=3)] == store.balances(1)

    def test_the_order_of_writes_does_not_matter(self, opener: Opener) -> None:
        """Any order, any number of times, by two writers: the same rows stand there."""
        steps = [
            Rows(
                fills=(make.fill(number=n, trade_id=n),),
                entries=(make.entry(number=n, available=n),),
                trades=(make.trade(trade_id=n),),
                candles=(make.candle(last_trade_id=n, close=n),),
                orders=(
                    make.order(number=n, filled=n, state=OrderState.OPEN)
                    if n < 8
                    else make.done(number=n, filled=n),
                ),
                balances=(make.balance(number=n, available=n),),
                progress=(make.progress(n),),
            )
            for n in range(1, 9)
        ]
        writers = (opener(retention=FOREVER), opener(retention=FOREVER))
        for rows in steps:
            writers[0].write(rows)
        first = everything(writers[0])
        writers[1].clear()
        writers = (opener(retention=FOREVER), opener(retention=FOREVER))
        shuffled = steps * 2
        random.Random(7).shuffle(shuffled)

        for n, rows in enumerate(shuffled):
            writers[n % 2].write(rows)

        assert first == everything(writers[0])
        assert first == everything(writers[1])
        assert [] == writers[0].open_orders(1, 0, 10)

    def test_progress_of_each_source_is_its_own(self, store: Store) -> None:
        """By topic, by partition, and by the topic's id: one made anew begins anew."""
        anew = Source("trades", "another", 1)
        found = [
            make.progress(5),
            make.progress(3, make.EVENTS._replace(partition=0)),
            make.progress(8, Source("trades", "one", 1)),
            make.progress(1, anew),
        ]
        store.write(Rows(progress=tuple(found)))

        assert {at.source: at for at in found} == store.progress()

    def test_many_rows_go_in_one_write(self, store: Store) -> None:
        """Thousands, as a projector that catches up has them."""
        count = 3_000
        store.write(
            Rows(
                orders=tuple(make.done(order_id=n, account=n % 7) for n in range(1, count)),
                entries=tuple(make.entry(number=n, account=n % 7) for n in range(1, count)),
            )
        )

        assert count - 1 == sum(1 for _ in store.scan(OrderRow))
        assert count - 1 == sum(1 for _ in store.scan(EntryRow))
        keys = [(n % 7, n) for n in range(1, count)]
        assert set(keys) == set(store.load_orders(keys))

    # Asking.

    def test_accounts_are_apart(self, store: Store) -> None:
        """What one account has, another one does not see."""
        store.write(
            Rows(
                fills=(make.fill(account=1), make.fill(account=3, number=4)),
                entries=(make.entry(account=1), make.entry(account=3)),
                orders=(make.order(account=1), make.order(account=3, order_id=9)),
                balances=(make.balance(account=1), make.balance(account=3)),
            )
        )

        assert [make.order(account=3, order_id=9)] == store.open_orders(3, 0, 10)
        assert store.order(1, 9) is None
        assert make.order(account=3, order_id=9) == store.order_by_client_id(3, "one")
        assert [make.fill(account=3, number=4)] == store.fills(3, None, 10)
        assert [] == store.order_fills(3, 9, None, 10)
        assert [make.entry(account=3)] == store.entries(3, None, 10)
        assert [make.balance(account=3)] == store.balances(3)
        assert [] == store.balances(2)

    def test_the_newest_order_of_a_name_is_found(self, store: Store) -> None:
        """A client order id may be used again once the ledger has forgotten it."""
        newer = make.order(order_id=12, number=30)
        store.write(Rows(orders=(newer,)))
        store.write(Rows(orders=(make.done(order_id=4),)))

        assert newer == store.order_by_client_id(1, "one")

    def test_balances_come_by_asset(self, store: Store) -> None:
        """Ascending."""
        store.write(Rows(balances=tuple(make.balance(asset_id=n) for n in (5, 2, 11))))

        assert [2, 5, 11] == [row.asset_id for row in store.balances(1)]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_pages_hold_everything_once(self, store: Store, limit: int) -> None:
        """Whatever their length, from the newest to the oldest (open orders the other way)."""
        numbers = (3, 4, 10, 11, 12, 200, 201)
        state = dict.fromkeys(numbers, OrderState.OPEN)
        opens = tuple(make.order(order_id=n, state=state[n]) for n in numbers)
        dones = tuple(make.done(order_id=n + 1_000) for n in numbers)
        store.write(
            Rows(
                fills=tuple(make.fill(number=n, order_id=n % 2) for n in numbers),
                entries=tuple(make.entry(number=n) for n in numbers),
                trades=tuple(make.trade(trade_id=n) for n in numbers),
                candles=tuple(make.candle(start_ms=n * 60_000) for n in numbers),
                orders=opens + dones,
            )
        )
        newest = list(numbers[::-1])

        assert newest == pages(lambda at: store.fills(1, at, limit), "number", limit)
        assert newest == pages(lambda at: store.entries(1, at, limit), "number", limit)
        assert newest == pages(lambda at: store.trades(1, at, limit), "trade_id", limit)
        assert [n for n in newest if n % 2] == pages(
            lambda at: store.order_fills(1, 1, at, limit), "number", limit
        )
        assert [n * 60_000 for n in newest] == pages(
            lambda at: store.candles(1, 60, at, limit), "start_ms", limit
        )
        behind = [n + 1_000 for n in newest]
        assert behind == pages(lambda at: store.done_orders(1, at, limit), "order_id", limit)
        assert behind + newest == pages(lambda at: store.orders(1, at, limit), "order_id", limit)
        assert list(numbers) == pages(
            lambda at: store.open_orders(1, at or 0, limit), "order_id", limit
        )

    def test_bars_of_one_interval_are_apart(self, store: Store) -> None:
        """So are instruments."""
        minute, hour = make.candle(), make.candle(interval_s=3_600, start_ms=0)
        other = make.candle(instrument_id=2)
        store.write(Rows(candles=(minute, hour, other)))

        assert [minute] == store.candles(1, 60, None, 10)
        assert [hour] == store.candles(1, 3_600, None, 10)
        assert [other] == store.candles(2, 60, None, 10)

    # Forgetting.

    def test_market_history_is_kept_as_long_as_is_said(self, opener: Opener) -> None:
        """What is older goes; accounts' rows stay for ever."""
        store = opener(retention=Retention(trades_ms=DAY_MS, candles_ms=2 * DAY_MS))
        now_ms = now()
        ages = {1: 3 * DAY_MS, 2: 3 * DAY_MS // 2, 3: DAY_MS // 2}
        store.write(
            Rows(
                trades=tuple(make.trade(trade_id=n, time_ms=now_ms - ages[n]) for n in ages),
                candles=tuple(make.candle(start_ms=now_ms - age) for age in ages.values()),
                fills=(make.fill(time_ms=1),),
                entries=(make.entry(time_ms=1),),
                orders=(make.done(time_ms=1),),
            )
        )

        while store.expire(now_ms):
            pass

        assert [3] == [row.trade_id for row in store.trades(1, None, 10)]
        starts = [row.start_ms for row in store.candles(1, 60, None, 10)]
        assert [now_ms - ages[3], now_ms - ages[2]] == starts
        assert [make.fill(time_ms=1)] == store.fills(1, None, 10)
        assert [make.entry(time_ms=1)] == store.entries(1, None, 10)
        assert [make.done(time_ms=1)] == store.done_orders(1, None, 10)

    def test_for_ever_means_for_ever(self, store: Store) -> None:
        """Without retention nothing goes."""
        store.write(Rows(trades=(make.trade(time_ms=1),), candles=(make.candle(start_ms=0),)))

        assert 0 == store.expire(now())
        assert [make.trade(time_ms=1)] == store.trades(1, None, 10)
        assert [make.candle(start_ms=0)] == store.candles(1, 60, None, 10)

    # Beginning anew.

    @pytest.mark.parametrize("way", ["clear", "anew"])
    def test_a_store_begun_anew_is_empty_and_takes_rows(self, opener: Opener, way: str) -> None:
        """Older rows than those that stood there count again."""
        store = opener(retention=FOREVER)
        store.write(Rows(orders=(make.done(number=50),), progress=(make.progress(50),)))

        if way == "clear":
            store.clear()
        else:
            store = opener(retention=FOREVER, anew=True)

        assert store.order(1, 1) is None
        assert {} == store.progress()
        store.write(Rows(orders=(make.order(number=1),), progress=(make.progress(1),)))
        assert make.order(number=1) == opener(retention=FOREVER).order(1, 1)
        assert [1] == [at.number for at in store.progress().values()]

    def test_an_older_writer_cannot_write_into_it(self, opener: Opener) -> None:
        """It is told to open it again, and what it gave is not there."""
        older, other = opener(retention=FOREVER), opener(retention=FOREVER)
        older.write(Rows(progress=(make.progress(5),)))

        other.clear()

        with pytest.raises(StoreReplaced):
            older.write(Rows(orders=(make.order(),), progress=(make.progress(6),)))
        with pytest.raises(StoreReplaced):
            older.load_orders([(1, 1)])
        with pytest.raises(StoreReplaced):
            older.load_balances([(1, 1)])
        assert {} == other.progress()
        assert other.order(1, 1) is None

    def test_it_may_be_closed_twice(self, store: Store) -> None:
        """Closing is for any state."""
        store.close()
        store.close()

    def test_errors_are_ours(self) -> None:
        """A caller that catches PartitaError catches all of a store's."""
        assert issubclass(StoreReplaced, PartitaError)


def pages(page: Callable[[int | None], list[Any]], key: str, limit: int) -> list[int]:
    """Return the keys of all pages, which are full but for the last."""
    found: list[int] = []
    while True:
        rows = page(found[-1] if found else None)
        found += [getattr(row, key) for row in rows]
        if len(rows) < limit:
            return found
        assert limit == len(rows)


def now() -> int:
    """Return the host's time, as a projector gives it; milliseconds."""
    import time  # noqa: PLC0415 - nothing else here may look at a clock

    return time.time_ns() // 1_000_000
