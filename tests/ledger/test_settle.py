"""Settling: fills, improvement, fees, clearing, the end of an order."""

from collections.abc import Callable

import pytest
from ledger_support.world import (
    BTC,
    BTC_USD,
    MARKET_BUY,
    PLACE,
    SELL,
    USD,
    Desk,
    typed,
)

from partita.ledger.state import AssetFunds, ClearingFunds
from partita.schemas.accounts import Balance, Changed, Done, Filled, Opened
from partita.schemas.enums import Liquidity, Outcome, Side
from partita.schemas.reasons import Reason
from partita.schemas.reports import Changed as ReportChanged
from partita.schemas.reports import Done as ReportDone
from partita.schemas.reports import Filled as ReportFilled
from partita.schemas.reports import Opened as ReportOpened
from partita.schemas.reports import Report

pytestmark = pytest.mark.usefixtures("shard_engine")


def _desk() -> Desk:
    desk = Desk()
    desk.fund(amount=100_000)
    desk.fund(asset_id=BTC, amount=1_000)
    return desk


def test_opened_is_told() -> None:
    """The account hears that its order rests."""
    desk = _desk()
    order_id = desk.placed(PLACE)
    expected = (Opened(2, order_id, 10),)
    assert typed(expected) == typed(desk.report(ReportOpened(order_id, 10)))


def test_buy_pays_cost_and_fee_and_gets_its_improvement_at_once() -> None:
    """4 of 10 lots at 900 instead of 1,000: the hold falls to the need of the other 6."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    assert desk.balance(2, USD) == (69_940, 30_060)
    events = desk.fill(order_id, price=900, size=4, fee=10)
    paid = 900 * 4 * 3 + 10
    left = 18_036
    expected = (
        Filled(2, order_id, 1, Side.BUY, 7, 900, 4, 10, Liquidity.MAKER),
        Balance(2, BTC, 1_040, 0),
        Balance(2, USD, 100_000 - paid - left, left),
    )
    assert typed(expected) == typed(events)


def test_sell_gets_cost_less_fee() -> None:
    """4 of 10 lots at 1,100: base leaves held, quote arrives."""
    desk = _desk()
    order_id = desk.opened(SELL)
    events = desk.fill(order_id, price=1_100, size=4, fee=13)
    expected = (
        Filled(2, order_id, 1, Side.SELL, 7, 1_100, 4, 13, Liquidity.MAKER),
        Balance(2, BTC, 900, 60),
        Balance(2, USD, 100_000 + 13_200 - 13, 0),
    )
    assert typed(expected) == typed(events)


def test_a_fee_of_all_leaves_a_seller_nothing() -> None:
    """A balance that did not change is not told."""
    desk = _desk()
    desk.report(BTC_USD._replace(version=2, maker_fee_ppm=1_000_000))
    order_id = desk.opened(SELL)
    events = desk.fill(order_id, price=1_000, size=4, fee=12_000)
    assert [Filled, Balance] == [type(event) for event in events]
    assert Balance(2, BTC, 900, 60) == events[1]


def test_fees_and_clearing_are_booked() -> None:
    """A buyer's cost and a seller's base wait in clearing for the other party's shard."""
    desk = _desk()
    desk.fill(desk.opened(PLACE), price=900, size=4, fee=10)
    state = desk.shard.snapshot()
    assert (ClearingFunds(1, BTC, -40), ClearingFunds(1, USD, 10_800)) == state.clearing
    assert AssetFunds(USD, 10, -100_000) == state.assets[1]


def test_both_parties_in_one_shard_clear_to_zero() -> None:
    """Between two accounts of a shard nothing stays in clearing; the fees do in fees."""
    desk = _desk()
    desk.fund(account=4, asset_id=BTC, amount=100)
    bought = desk.opened(PLACE)
    sold = desk.placed(SELL._replace(account=4))
    desk.fill(bought, price=1_000, size=10, fee=30)
    desk.fill(sold, price=1_000, size=10, fee=60)
    state = desk.shard.snapshot()
    assert state.clearing == ()
    assert AssetFunds(USD, 90, -100_000) == state.assets[1]


def test_parties_in_two_shards_clear_to_zero_together() -> None:
    """What one shard's clearing lacks the other's has."""
    buyer, seller = _desk(), Desk(shard=1)
    seller.fund(account=3, asset_id=BTC, amount=100)
    bought = buyer.opened(PLACE)
    sold = seller.placed(SELL._replace(account=3))
    buyer.fill(bought, price=1_000, size=10, fee=30)
    seller.fill(sold, price=1_000, size=10, fee=60)
    mine, other = buyer.shard.snapshot().clearing, seller.shard.snapshot().clearing
    assert (ClearingFunds(1, BTC, -100), ClearingFunds(1, USD, 30_000)) == mine
    assert (ClearingFunds(1, BTC, 100), ClearingFunds(1, USD, -30_000)) == other


def test_fees_rounded_down_fill_by_fill_leave_the_rest_to_release() -> None:
    """Ten fills of one lot at 83 ticks pay no fee at all; the unit reserved comes back."""
    desk = _desk()
    order_id = desk.opened(PLACE._replace(price=83))
    assert desk.balance(2, USD) == (97_506, 2_494)
    for _ in range(10):
        desk.fill(order_id, price=83, size=1, fee=0)
    assert desk.balance(2, USD) == (97_510, 0)
    done = desk.report(ReportDone(order_id, Outcome.FILLED, Reason.NONE, 0, 0))
    assert (Done(2, order_id, Outcome.FILLED, Reason.NONE, 10, 0),) == done


def test_market_buy_pays_from_its_funds_and_gets_the_rest_back() -> None:
    """Two fills, then the book ends it."""
    desk = _desk()
    order_id = desk.placed(MARKET_BUY)
    desk.fill(order_id, price=1_000, size=5, fee=30)
    assert desk.balance(2, USD) == (50_000, 34_970)
    desk.fill(order_id, price=1_100, size=5, fee=33)
    events = desk.report(ReportDone(order_id, Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER, 0, 0))
    expected = (
        Done(2, order_id, Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER, 10, 0),
        Balance(2, USD, 100_000 - 31_563, 0),
    )
    assert typed(expected) == typed(events)


@pytest.mark.parametrize(
    ("side", "asset_id", "expected"), [("buy", USD, 100_000), ("sell", BTC, 1_000)]
)
def test_end_of_an_order_releases_its_hold(side: str, asset_id: int, expected: int) -> None:
    """Nothing filled, all comes back."""
    desk = _desk()
    order_id = desk.opened(PLACE._replace(side=Side(side)))
    events = desk.report(ReportDone(order_id, Outcome.EXPIRED, Reason.TIME_REACHED, 10, 0))
    done = Done(2, order_id, Outcome.EXPIRED, Reason.TIME_REACHED, 0, 10)
    assert (done, Balance(2, asset_id, expected, 0)) == events


@pytest.mark.parametrize(
    ("side", "balance"),
    [("buy", Balance(2, USD, 100_000 - 18_036, 18_036)), ("sell", Balance(2, BTC, 940, 60))],
)
def test_self_trade_prevention_decreases_an_order(side: str, balance: Balance) -> None:
    """Changed without a request: the hold falls to the new need."""
    desk = _desk()
    order_id = desk.opened(PLACE._replace(side=Side(side)))
    events = desk.report(ReportChanged(order_id, 1_000, 6, top_up=0, request=0))
    assert typed((Changed(2, order_id, 1_000, 6), balance)) == typed(events)
    assert desk.shard.snapshot().orders[0][8:11] == (6, 0, 6)


_FILL = ReportFilled(2, 7, 1_000, 1, 0, Liquidity.MAKER)


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (_FILL._replace(order_id=4), "unknown"),
        (_FILL._replace(size=11), "no more is filled"),
        (_FILL._replace(size=0), "a fill has a size"),
        (_FILL._replace(price=1_001), "not above its limit"),
        (_FILL._replace(fee=7), "the fee is within"),
        (_FILL._replace(fee=-1), "the fee is within"),
        (ReportOpened(2, 9), "agree on what rests"),
        (ReportDone(2, Outcome.CANCELLED, Reason.REQUESTED, 11, 0), "no more remains"),
        (ReportChanged(2, 1_000, 11, 0, 0), "cover what the book has changed"),
        (ReportChanged(2, 1_000, 0, 0, 0), "done, not changed"),
    ],
)
def test_a_wrong_report_is_never_applied(report: Report, message: str) -> None:
    """What no right book says breaks an assertion, and so parks the partition."""
    desk = _desk()
    assert desk.opened(PLACE) == _FILL.order_id
    with pytest.raises(AssertionError, match=message):
        desk.report(report)


def test_reports_after_the_end_break_an_assertion() -> None:
    """There is one terminal report, and none after it."""
    again: list[Callable[[Desk, int], object]] = [
        lambda desk, order_id: desk.cancelled(order_id, 10),
        lambda desk, order_id: desk.fill(order_id, 1_000, 1, 0),
    ]
    for report in again:
        desk = _desk()
        order_id = desk.opened(PLACE)
        desk.cancelled(order_id, 10)
        with pytest.raises(AssertionError, match="is done"):
            report(desk, order_id)


def test_a_report_of_another_book_breaks_an_assertion() -> None:
    """An order is in one book."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    with pytest.raises(AssertionError, match="another book"):
        desk.report(ReportOpened(order_id, 10), instrument_id=2)
