"""Placing: what is reserved, what the account hears, what the book hears."""

import pytest
from ledger_support.world import (
    BTC,
    BTC_USD,
    ETH,
    MARKET_BUY,
    MARKET_SELL,
    NOW,
    PLACE,
    SELL,
    USD,
    Desk,
    typed,
)

from partita.schemas.accounts import Balance, Received, Rejected
from partita.schemas.commands import Place
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.limits import NOTIONAL_MAX
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("shard_engine")


def test_limit_buy_reserves_notional_and_highest_fee() -> None:
    """1,000 ticks x 10 lots x 3 units, and 0.2 % of that."""
    desk = Desk()
    desk.fund()
    output = desk.run(PLACE)
    received = Received(
        account=2,
        command_id="p1",
        order_id=2,
        instrument_id=1,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=1_000,
        size=10,
        funds=0,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
        repeated=False,
    )
    expected = (received, Balance(2, USD, 1_000_000 - 30_060, 30_060))
    assert typed(expected) == typed(tuple(output.events))
    new_order = NewOrder(
        order_id=2,
        account=2,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=1_000,
        size=10,
        funds=0,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
        maker_fee_ppm=1_000,
        taker_fee_ppm=2_000,
    )
    assert ((1, new_order),) == output.orders


def test_limit_sell_reserves_its_size() -> None:
    """10 lots of 10 base units each."""
    desk = Desk()
    desk.fund(asset_id=BTC, amount=100)
    output = desk.run(SELL)
    assert Balance(2, BTC, 0, 100) == output.events[1]
    ((_, new_order),) = output.orders
    assert isinstance(new_order, NewOrder)
    assert (new_order.side, new_order.size, new_order.funds) == (Side.SELL, 10, 0)


@pytest.mark.parametrize(("maker", "taker"), [(3_000, 2_000), (2_000, 3_000)])
def test_a_buy_reserves_by_the_higher_rate(maker: int, taker: int) -> None:
    """Either may be the higher."""
    desk = Desk()
    desk.fund()
    desk.report(BTC_USD._replace(version=2, maker_fee_ppm=maker, taker_fee_ppm=taker))
    assert Balance(2, USD, 1_000_000 - 30_090, 30_090) == desk.run(PLACE).events[1]


def test_the_fee_reserved_is_rounded_down() -> None:
    """2 lots at 83 ticks are 498 units; 0.2 % of them is less than one."""
    desk = Desk()
    desk.fund(amount=498)
    output = desk.run(PLACE._replace(price=83, size=2))
    assert Balance(2, USD, 0, 498) == output.events[1]


def test_market_buy_reserves_its_funds() -> None:
    """Fees included; the book is told the hold."""
    desk = Desk()
    desk.fund()
    output = desk.run(MARKET_BUY)
    assert Balance(2, USD, 950_000, 50_000) == output.events[1]
    ((_, new_order),) = output.orders
    assert isinstance(new_order, NewOrder)
    assert (new_order.price, new_order.size, new_order.funds) == (0, 0, 50_000)


@pytest.mark.parametrize(("available", "held"), [(777, 777), (NOTIONAL_MAX + 5, NOTIONAL_MAX)])
def test_market_buy_by_size_reserves_all_there_is(available: int, held: int) -> None:
    """All of the available quote, up to the largest notional."""
    desk = Desk()
    desk.fund(amount=5)
    desk.time_ms += 1
    desk.fund(amount=available - 5)
    output = desk.run(MARKET_BUY._replace(funds=0, size=5))
    assert Balance(2, USD, available - held, held) == output.events[1]
    received = output.events[0]
    assert isinstance(received, Received)
    assert (5, held) == (received.size, received.funds)


def test_market_sell_reserves_its_size() -> None:
    """As a limit sell does."""
    desk = Desk()
    desk.fund(asset_id=BTC, amount=150)
    assert Balance(2, BTC, 50, 100) == desk.run(MARKET_SELL).events[1]


@pytest.mark.parametrize(
    ("command", "asset_id", "amount"),
    [
        (PLACE, USD, 30_060),
        (SELL, BTC, 100),
        (MARKET_BUY, USD, 50_000),
        (MARKET_BUY._replace(funds=0, size=5), USD, 1),
        (MARKET_SELL, BTC, 100),
    ],
)
def test_funds_must_cover_the_hold_to_the_unit(command: Place, asset_id: int, amount: int) -> None:
    """One unit less than the hold is refused, the hold itself is enough."""
    desk = Desk()
    desk.fund(asset_id=ETH, amount=1)
    if amount > 1:
        desk.fund(asset_id=asset_id, amount=amount - 1)
    rejected = Rejected(2, "p1", Reason.INSUFFICIENT_FUNDS, 0, repeated=False)
    assert (rejected,) == desk.events(command)
    desk.time_ms += 1
    desk.fund(asset_id=asset_id, amount=1)
    assert Balance(2, asset_id, 0, amount) == desk.run(command._replace(command_id="p2")).events[1]


@pytest.mark.parametrize(("shard", "expected"), [(0, [4, 8]), (3, [7, 11])])
def test_order_ids_are_unique_over_shards(shard: int, expected: list[int]) -> None:
    """A counter times the shards, plus the shard."""
    desk = Desk(shard=shard, shards=4)
    account = 4 + shard
    desk.fund(account=account)
    orders = [
        desk.placed(PLACE._replace(account=account, command_id=command_id))
        for command_id in ("a", "b")
    ]
    assert expected == orders


def test_an_order_keeps_its_rates() -> None:
    """A change of fees is for later orders: the hold of this one stays by its own rate."""
    desk = Desk()
    desk.fund()
    order_id = desk.opened(PLACE)
    desk.report(BTC_USD._replace(version=2, maker_fee_ppm=0, taker_fee_ppm=0))
    desk.fill(order_id, price=1_000, size=4, fee=12)
    assert desk.balance(2, USD) == (1_000_000 - 30_060 + 12, 18_036)


def test_older_rules_are_not_taken() -> None:
    """Only a newer version changes anything."""
    desk = Desk()
    newer = BTC_USD._replace(version=3, max_size=77)
    desk.report(newer)
    desk.report(BTC_USD._replace(version=2, max_size=78))
    desk.report(BTC_USD._replace(version=3, max_size=79))
    assert newer == desk.shard.instrument(1)
    assert desk.shard.instrument(99) is None


def test_units_of_a_symbol_never_change() -> None:
    """Other measures would make other amounts of all holds: that must not be applied."""
    with pytest.raises(AssertionError, match="never change"):
        Desk().report(BTC_USD._replace(version=2, lot=20))


def test_gtt_goes_to_the_book_with_its_expiry() -> None:
    """The ledger does not expire orders, the book does."""
    desk = Desk()
    desk.fund()
    event = desk.asks(PLACE._replace(time_in_force=TimeInForce.GTT, expire_ms=NOW + 1))
    assert isinstance(event, NewOrder)
    assert event.expire_ms == NOW + 1
