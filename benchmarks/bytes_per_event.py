"""Bytes per event: what each kind of command and event costs on the log.

Typical values: BTC-USD at 64,000.01 with an 8-decimal size, order and account numbers as after some
millions of orders, ids of 12 characters as the SDK makes them. Alone: the record of a batch that
holds one event. In a batch: what each of 1,000 adds, all of them alike except for their numbers.
Values of records only: Kafka's own frame is about 70 bytes a record more.

    python -m benchmarks.bytes_per_event [--no-record]
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from benchmarks.results import Measured, record
from partita.schemas import accounts, commands, feed, orders, reports
from partita.schemas.codec import encode
from partita.schemas.converter import Message
from partita.schemas.enums import (
    InstrumentStatus,
    Line,
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

_MANY = 1_000
_TIME_MS = 1_780_000_000_000
_CHAIN, _FIRST, _BOOK, _SHARD = 3_735_928_559, 5_000_000, 1, 1
_ORDER, _TRADE, _ACCOUNT = 10_000_000, 4_000_000, 250_000
_ID, _PRICE, _SIZE = "3f9a01c2.A-1", 6_400_001, 1_234_567
_COST = _PRICE * _SIZE  # at a notional unit of 1
_FEE = _COST // 1_000
_HEAD = (_ACCOUNT, _ID, _TIME_MS)
_LIMIT = (OrderType.LIMIT, TimeInForce.GTC)
_RULES = Instrument(
    _BOOK,
    1,
    "BTC-USD",
    0,
    InstrumentStatus.TRADING,
    base_asset_id=1,
    base_asset="BTC",
    base_decimals=8,
    quote_asset_id=2,
    quote_asset="USD",
    quote_decimals=10,
    tick=100_000_000,
    lot=1,
    notional_unit=1,
    min_size=1,
    max_size=10**13,
    max_price=10**9,
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)


class Kind(NamedTuple):
    """A kind of event in the batch it travels in."""

    topic: str
    event: Any
    batch: Callable[[tuple[Any, ...]], Message]

    @property
    def name(self) -> str:
        """Its module and its class."""
        return f"{type(self.event).__module__.rpartition('.')[2]}.{type(self.event).__name__}"


def _commands(events: tuple[Any, ...]) -> Message:
    return commands.CommandBatch(b"", events)


def _orders(events: tuple[Any, ...]) -> Message:
    group = orders.OrderGroup(_BOOK, _FIRST, _CHAIN, events)
    return orders.OrderBatch(b"", Line.A, _SHARD, (group,))


def _reports(events: tuple[Any, ...]) -> Message:
    return reports.ReportBatch(b"", Line.A, (reports.ReportGroup(_BOOK, _FIRST, _CHAIN, events),))


def _accounts(events: tuple[Any, ...]) -> Message:
    # Each event of an account of its own: the most that the array at the head can cost.
    spread = tuple(event._replace(account=_ACCOUNT + at) for at, event in enumerate(events))
    group = accounts.AccountEventGroup(_FIRST, _CHAIN, _TIME_MS, spread)
    return accounts.AccountEventBatch((), b"", Line.A, _SHARD, (group,))


def _feed(events: tuple[Any, ...]) -> Message:
    group = feed.FeedGroup(_BOOK, _FIRST, _CHAIN, _TIME_MS, events)
    return feed.FeedBatch(b"", Line.A, (group,))


_PLACE = commands.Place(*_HEAD, _BOOK, Side.BUY, *_LIMIT, _PRICE, _SIZE, 0, False, SelfTrade.DC, 0)
_NEW = orders.NewOrder(
    _ORDER, _ACCOUNT, Side.BUY, *_LIMIT, _PRICE, _SIZE, 0, False, SelfTrade.DC, 0, 1_000, 2_000
)
_RECEIVED = accounts.Received(
    _ACCOUNT, _ID, _ORDER, _BOOK, Side.BUY, *_LIMIT, _PRICE, _SIZE, 0, False, SelfTrade.DC, 0, False
)
_STATUS = accounts.OrderStatus(
    _ACCOUNT,
    _ORDER,
    _ID,
    _BOOK,
    Side.BUY,
    *_LIMIT,
    _PRICE,
    _SIZE,
    filled=0,
    remaining=_SIZE,
    hold=_COST + _FEE,
    state=OrderState.OPEN,
    outcome=Outcome.FILLED,
    reason=Reason.NONE,
)
_FILLED = accounts.Filled(
    _ACCOUNT, _ORDER, _BOOK, Side.BUY, _TRADE, _PRICE, _SIZE, _FEE, Liquidity.TAKER
)

KINDS: tuple[Kind, ...] = (
    *(
        Kind("account-commands", event, _commands)
        for event in (
            _PLACE,
            commands.Cancel(*_HEAD, 0, _ID),
            commands.Amend(*_HEAD, 0, _ID, _PRICE, _SIZE),
            commands.CancelAll(*_HEAD, _BOOK),
            commands.Transfer(*_HEAD, 2, _COST),
            commands.Inquire(*_HEAD, Question.ORDER, 0, _ID),
        )
    ),
    *(
        Kind("orders", event, _orders)
        for event in (
            _NEW,
            orders.CancelOrder(_ORDER, _ACCOUNT, _FIRST),
            orders.AmendOrder(_ORDER, _ACCOUNT, _PRICE, _SIZE, _FEE, _FIRST),
            orders.CancelOrders(_ACCOUNT, _FIRST),
        )
    ),
    *(
        Kind("account-commands", event, _reports)
        for event in (
            reports.Opened(_ORDER, _SIZE),
            reports.Filled(_ORDER, _TRADE, _PRICE, _SIZE, _FEE, Liquidity.MAKER),
            reports.Changed(_ORDER, _PRICE, _SIZE, _FEE, _FIRST),
            reports.Done(_ORDER, Outcome.FILLED, Reason.NONE, 0, 0),
            reports.Refused(_ORDER, Reason.UNKNOWN_ORDER, 0, _FIRST),
            reports.OrdersCancelled(_ACCOUNT, 12, _FIRST),
            _RULES,
        )
    ),
    *(
        Kind("account-events", event, _accounts)
        for event in (
            _RECEIVED,
            accounts.Accepted(_ACCOUNT, _ID, _ORDER, 1, repeated=False),
            accounts.Rejected(_ACCOUNT, _ID, Reason.INSUFFICIENT_FUNDS, 0, repeated=False),
            accounts.Opened(_ACCOUNT, _ORDER, _SIZE),
            _FILLED,
            accounts.Changed(_ACCOUNT, _ORDER, _PRICE, _SIZE),
            accounts.Done(_ACCOUNT, _ORDER, Outcome.FILLED, Reason.NONE, _SIZE, 0),
            accounts.Balance(_ACCOUNT, 2, _COST * 100, _COST),
            _STATUS,
            accounts.Answered(_ACCOUNT, _ID, 12),
            accounts.Total(_ACCOUNT, 2, *(_COST << 20,) * 2, _COST, 0, -(_COST << 21)),
        )
    ),
    *(
        Kind("book", event, _feed)
        for event in (
            feed.Opened(_ORDER, Side.BUY, _PRICE, _SIZE),
            feed.Traded(_TRADE, _ORDER, _ORDER + 2, Side.SELL, _PRICE, _SIZE),
            feed.Changed(_ORDER, _PRICE, _SIZE),
            feed.Done(_ORDER, Outcome.FILLED, 0),
            _RULES,
        )
    ),
)
_TICKER = feed.Ticker(
    b"", Line.A, _BOOK, _FIRST, _TIME_MS, _PRICE, _SIZE, _PRICE, _SIZE, _TRADE, _PRICE, _SIZE
)


def bytes_of(kind: Kind) -> tuple[int, float]:
    """Return the bytes of a record that holds one such event, and what each of many adds."""
    alone = len(encode(kind.batch((kind.event,))))
    many = len(encode(kind.batch((kind.event,) * _MANY)))
    return alone, (many - alone) / (_MANY - 1)


def rows() -> list[tuple[str, str, int, float | None]]:
    """Return topic, kind, bytes alone, and bytes in a batch; None where there are no batches."""
    found: list[tuple[str, str, int, float | None]] = []
    found += [(kind.topic, kind.name, *bytes_of(kind)) for kind in KINDS]
    found.append(("tickers", "feed.Ticker", len(encode(_TICKER)), None))
    found.append(("orders", "orders.Tick", len(encode(orders.Tick(b""))), None))
    return found


def measured(table: list[tuple[str, str, int, float | None]]) -> list[Measured]:
    """Return the rows as numbers, by topic."""
    return [
        Measured(
            "bytes per event",
            {"topic": topic},
            {
                "alone bytes": {row[1]: row[2] for row in table if row[0] == topic},
                "batched bytes": {
                    row[1]: round(row[3], 1)
                    for row in table
                    if row[0] == topic and row[3] is not None
                },
            },
        )
        for topic in dict.fromkeys(row[0] for row in table)
    ]


@click.command(help=__doc__)
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(keep: bool) -> None:
    """Measure, print a Markdown table, and record."""
    table = rows()
    print("| topic | event | bytes alone | bytes in a batch |\n|---|---|---:|---:|")
    for topic, name, alone, batched in table:
        print(f"| {topic} | {name} | {alone} | {'' if batched is None else f'{batched:.1f}'} |")
    if keep:
        text = ", ".join(
            f"{name} {alone}" + ("" if batched is None else f"/{batched:.1f}")
            for _, name, alone, batched in table
        )
        record(
            "benchmarks.bytes_per_event",
            {"bytes per event, alone/in a batch of 1,000": text},
            measured(table),
        )


if __name__ == "__main__":
    main()
