"""`partita audit` of derived topics: what the feed does not make is found."""

from collections.abc import Callable

import pytest
from audited.derive import derive
from audited.exchange import Exchange, traded
from audited.forge import kinds, texts

from partita.deploy.audit.findings import DerivedFinding, Kind
from partita.deploy.audit.show import verdict
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.enums import Side
from partita.schemas.market_data import (
    BookSnapshotPart,
    Candle,
    DayTicker,
    DepthBatch,
    RestingOrder,
    TradeBatch,
)
from partita.schemas.topics import BOOK, BOOK_SNAPSHOTS, CANDLES, DEPTH, TICKERS, TRADES


def derived() -> Exchange:
    """Return an exchange on which there was some trading, and all that is derived of it."""
    exchange = traded()
    for partition in (0, 1):
        derive(exchange.log, partition)
    return exchange


def test_what_the_workers_derive_is_what_the_feed_makes() -> None:
    """All five kinds are compared."""
    findings = derived().audit()

    assert ("clean", 0) == (verdict(findings), findings.derived.behind)
    assert all(findings.derived[:5]), findings.derived


def test_what_is_not_derived_yet_is_no_difference() -> None:
    """It is counted."""
    exchange = traded()
    derive(exchange.log, 0)
    findings = exchange.audit()

    assert "clean" == verdict(findings)
    assert findings.derived.behind > 0


def test_an_exchange_without_derived_topics_is_clean() -> None:
    """Nothing is there to differ."""
    findings = traded().audit()

    assert "clean" == verdict(findings)
    assert findings.derived == DerivedFinding(behind=findings.derived.behind)


def _other_trade(batch: Message) -> Message:
    assert isinstance(batch, TradeBatch)
    first = batch.trades[0]
    return batch._replace(trades=(first._replace(size=first.size + 1), *batch.trades[1:]))


def _other_change(batch: Message) -> Message:
    assert isinstance(batch, DepthBatch)
    first = batch.changes[0]
    return batch._replace(changes=(first._replace(orders=first.orders + 1), *batch.changes[1:]))


def _another_order(part: Message) -> Message:
    assert isinstance(part, BookSnapshotPart)
    return part._replace(orders=(*part.orders, RestingOrder(9_999, Side.SELL, 10_000, 1)))


def _renumbered(batch: Message) -> Message:
    return batch._replace(first=batch.first + 10_000)


CHANGES: list[tuple[str, Callable[[Message], Message]]] = [
    (TRADES, _other_trade),
    (TRADES, _renumbered),
    (DEPTH, _other_change),
    (DEPTH, _renumbered),
]


@pytest.mark.parametrize(("topic", "change"), CHANGES)
def test_another_content_and_a_hole_are_found(
    topic: str, change: Callable[[Message], Message]
) -> None:
    """Of the numbered streams, in the middle of which something stands that is not of the feed."""
    exchange = derived()
    last = exchange.log.partitions[topic, 0][-1]
    exchange.log.partitions[topic, 0][-1] = last._replace(value=encode(change(decode(last.value))))

    findings = exchange.audit()

    assert {Kind.DERIVED} == kinds(findings)
    assert any(topic in text for text in texts(findings, Kind.DERIVED))


def test_a_repeat_with_another_content_is_found() -> None:
    """Two workers that do not agree."""
    exchange = derived()
    batch = decode(exchange.log.records(TRADES, 0)[0].value)
    record = exchange.log.partitions[TRADES, 0][0]
    exchange.log.partitions[TRADES, 0].append(record._replace(value=encode(_other_trade(batch))))

    (text,) = texts(exchange.audit(), Kind.DERIVED)

    assert f"trades: number {batch.first} stands there with two contents" in text


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        (BOOK_SNAPSHOTS, _another_order),
        (CANDLES, lambda candle: candle._replace(high=candle.high + 1)),
        (CANDLES, lambda candle: candle._replace(last_trade_id=candle.last_trade_id + 10_000)),
        (TICKERS, lambda day: day._replace(volume=day.volume - 1)),
        (TICKERS, lambda day: day._replace(last_trade_id=day.last_trade_id + 10_000)),
    ],
)
def test_a_value_that_the_feed_does_not_make_is_found(
    topic: str, change: Callable[[Message], Message]
) -> None:
    """Snapshots, bars and the day: of those that stand there last."""
    exchange = derived()
    stored = exchange.log.partitions[topic, 0]
    at = max(
        at
        for at, record in enumerate(stored)
        if isinstance(decode(record.value), BookSnapshotPart | Candle | DayTicker)
    )
    stored[at] = stored[at]._replace(value=encode(change(decode(stored[at].value))))

    findings = exchange.audit()

    assert {Kind.DERIVED} == kinds(findings)
    assert len(texts(findings, Kind.DERIVED)) == 1


def test_what_is_ahead_of_the_feed_is_found() -> None:
    """The feed has lost its second half; what was derived from it is still there."""
    exchange = derived()
    feed = exchange.log.partitions[BOOK, 0]
    del feed[len(feed) // 2 :]

    told = texts(exchange.audit(), Kind.DERIVED)

    for what in ("trades: number", "depth: number", "book snapshot at", "candle up to trade"):
        assert any(what in text for text in told), (what, told)


@pytest.mark.parametrize("standing", ["nothing", "an older word"])
def test_a_bar_that_is_lost_or_short_of_trades_is_found(standing: str) -> None:
    """What stands of it is what the feed made once, and so right by itself."""
    exchange = traded()
    for seed in (2, 3):
        exchange.log.time_ms += 120_000
        exchange.trade(seed, 80)
    for partition in (0, 1):
        derive(exchange.log, partition)
    assert "clean" == verdict(exchange.audit())
    stored = exchange.log.partitions[CANDLES, 0]
    keys = list(dict.fromkeys(r.key for r in stored if r.key and b"/60/" in r.key))
    assert 3 == len(keys)
    words = [record for record in stored if record.key == keys[1]]
    assert 1 < len(words)
    stored[:] = [record for record in stored if record.key != keys[1]]
    if standing != "nothing":
        stored.append(words[0])

    (text,) = texts(exchange.audit(), Kind.DERIVED)

    assert f"candles: the bar {keys[1].decode().partition('/')[2]} " in text
    assert ("is missing" if standing == "nothing" else "ends at trade") in text
