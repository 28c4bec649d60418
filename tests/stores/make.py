"""Rows made up for tests, each field settable by name."""

from typing import Any

from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    EntryKind,
    EntryRow,
    FillRow,
    OrderRow,
    Progress,
    Source,
    TradeRow,
)
from partita.schemas.enums import (
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason

WIDE = (1 << 127) - 1
EVENTS = Source("account-events", "Ii0-xyz_AAAAAAAAAAAAAA", 1)


def balance(**fields: Any) -> BalanceRow:
    """Return a balance of account 1, asset 1, told at number 1."""
    row = BalanceRow(account=1, asset_id=1, number=1, time_ms=1_000, available=100, held=0)
    return row._replace(**fields)


def order(**fields: Any) -> OrderRow:
    """Return an order of account 1, received at number 1."""
    row = OrderRow(
        account=1,
        order_id=1,
        client_order_id="one",
        instrument_id=1,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTT,
        funds=0,
        post_only=True,
        self_trade=SelfTrade.CB,
        expire_ms=9_000,
        placed_ms=1_000,
        number=1,
        time_ms=1_000,
        price=50,
        size=10,
        filled=0,
        remaining=10,
        notional=0,
        fees=0,
        state=OrderState.RECEIVED,
        outcome=Outcome.FILLED,
        reason=Reason.NONE,
    )
    return row._replace(**fields)


def done(**fields: Any) -> OrderRow:
    """Return the same order, cancelled at number 5."""
    end = {"state": OrderState.DONE, "outcome": Outcome.CANCELLED, "reason": Reason.REQUESTED}
    return order(**({"number": 5, "time_ms": 5_000} | end | fields))


def fill(**fields: Any) -> FillRow:
    """Return a fill of account 1's order 1 at number 3."""
    row = FillRow(
        account=1,
        number=3,
        time_ms=3_000,
        order_id=1,
        instrument_id=1,
        side=Side.SELL,
        trade_id=7,
        price=50,
        size=4,
        fee=2,
        liquidity=Liquidity.MAKER,
    )
    return row._replace(**fields)


def entry(**fields: Any) -> EntryRow:
    """Return a transfer into account 1 at number 2."""
    row = EntryRow(
        account=1,
        number=2,
        time_ms=2_000,
        asset_id=1,
        kind=EntryKind.TRANSFER,
        available_change=100,
        held_change=0,
        available=100,
        held=0,
        order_id=0,
        command_id="deposit-1",
        instrument_id=0,
        trade_id=0,
    )
    return row._replace(**fields)


def trade(**fields: Any) -> TradeRow:
    """Return a trade of instrument 1."""
    row = TradeRow(
        instrument_id=1, trade_id=1, number=9, time_ms=1_000, taker_side=Side.BUY, price=5, size=2
    )
    return row._replace(**fields)


def candle(**fields: Any) -> CandleRow:
    """Return a bar of instrument 1."""
    row = CandleRow(
        instrument_id=1,
        interval_s=60,
        start_ms=60_000,
        open=5,
        high=9,
        low=4,
        close=6,
        volume=20,
        notional=110,
        first_trade_id=1,
        last_trade_id=3,
        number=12,
    )
    return row._replace(**fields)


def progress(number: int, source: Source = EVENTS, **fields: Any) -> Progress:
    """Return that a source is folded up to a number."""
    return Progress(source, offset=number * 10, number=number, chain=number * 7)._replace(**fields)
