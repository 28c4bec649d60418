"""Values for tests of books: an instrument, and orders with everything but the point defaulted."""

from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.orders import NewOrder

# One lot at one tick is three quote units, so that a forgotten unit shows.
NOTIONAL_UNIT = 3

INSTRUMENT = Instrument(
    instrument_id=7,
    version=1,
    symbol="AAA-USD",
    partition=0,
    status=InstrumentStatus.TRADING,
    base_asset_id=1,
    base_asset="AAA",
    base_decimals=0,
    quote_asset_id=2,
    quote_asset="USD",
    quote_decimals=2,
    tick=NOTIONAL_UNIT,
    lot=1,
    notional_unit=NOTIONAL_UNIT,
    min_size=1,
    max_size=1_000_000_000,
    max_price=1_000_000_000,
    maker_fee_ppm=0,
    taker_fee_ppm=0,
)

HALTED = INSTRUMENT._replace(version=2, status=InstrumentStatus.HALTED)


def limit(order_id: int, side: Side, size: int, price: int, **fields: object) -> NewOrder:
    """Return a GTC limit order; its account is 100 + its id unless given."""
    order = NewOrder(
        order_id=order_id,
        account=100 + order_id,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=price,
        size=size,
        funds=0,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
        maker_fee_ppm=0,
        taker_fee_ppm=0,
    )
    return order._replace(**fields)  # type: ignore[arg-type]  # the fields of NewOrder by name


def market(order_id: int, side: Side, size: int, **fields: object) -> NewOrder:
    """Return a market order; a buy may spend 10^12 units unless funds are given."""
    funds = 10**12 if side is Side.BUY else 0
    order = limit(order_id, side, size, 0)._replace(
        type=OrderType.MARKET, time_in_force=TimeInForce.IOC, funds=funds
    )
    return order._replace(**fields)  # type: ignore[arg-type]  # as above


def other(side: Side) -> Side:
    """Return the opposite side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def behind(side: Side, ticks: int) -> int:
    """Return the price that is some ticks behind 100 for a resting order of a side."""
    return 100 - ticks if side is Side.BUY else 100 + ticks
