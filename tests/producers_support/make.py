"""Values for tests of the SDK."""

import asyncio
from typing import Any

from partita.producers.answers import Answers
from partita.producers.limits import ClientLimits
from partita.producers.pending import Answer, Pending, Waiting
from partita.producers.views import RawEvent
from partita.schemas.accounts import AccountEvent, Balance, OrderStatus, Received
from partita.schemas.commands import Command, Place
from partita.schemas.enums import (
    InstrumentStatus,
    OrderState,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

# A tick of 0.01 USD, a lot of 0.0001 BTC.
BTC_USD = Instrument(
    instrument_id=1,
    version=1,
    symbol="BTC-USD",
    partition=0,
    status=InstrumentStatus.TRADING,
    base_asset_id=1,
    base_asset="BTC",
    base_decimals=8,
    quote_asset_id=2,
    quote_asset="USD",
    quote_decimals=6,
    tick=10_000,
    lot=10_000,
    notional_unit=1,
    min_size=10,
    max_size=10_000_000,
    max_price=100_000_000,
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)
ETH_USD = BTC_USD._replace(instrument_id=2, symbol="ETH-USD", base_asset_id=3, base_asset="ETH")

PLACE = Place(
    account=7,
    command_id="p1",
    valid_until_ms=20_000,
    instrument_id=1,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    price=100,
    size=20,
    funds=0,
    post_only=False,
    self_trade=SelfTrade.DC,
    expire_ms=0,
)
RECEIVED = Received(
    account=7,
    command_id="p1",
    order_id=40,
    instrument_id=1,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    price=100,
    size=20,
    funds=0,
    post_only=False,
    self_trade=SelfTrade.DC,
    expire_ms=0,
    repeated=False,
)
STATUS = OrderStatus(
    account=7,
    order_id=40,
    client_order_id="p1",
    instrument_id=1,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    price=100,
    size=20,
    filled=5,
    remaining=15,
    hold=1_503_000,
    state=OrderState.OPEN,
    outcome=Outcome.CANCELLED,
    reason=Reason.NONE,
)
BALANCE = Balance(account=7, asset_id=2, available=5_000_000, held=1_000_000)


def raws(*events: AccountEvent, first: int = 1, shard: int = 0) -> list[RawEvent]:
    """Return events as they stand on the log, numbered from `first`."""
    return [RawEvent(shard, number, 1_000, event) for number, event in enumerate(events, first)]


class Desk:
    """A table of commands under way, and what answers them, without a log."""

    def __init__(self, limits: ClientLimits | None = None) -> None:
        self.pending = Pending(limits or ClientLimits())
        self.answers = Answers(self.pending, lambda status: f"filled {status.filled}")

    def submit(self, command: Command, now_s: float = 0.0) -> asyncio.Future[Any]:
        """Put a command under way; its result is the whole answer."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.pending.add(Waiting(command, future, lambda answer: answer), now_s)
        return future
