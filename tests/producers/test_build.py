"""What is refused before anything is sent, and what is sent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from producers_support.make import BTC_USD

from partita.producers import build
from partita.producers.build import Head, OrderWish
from partita.producers.catalogue import Asset, Catalogue
from partita.schemas.commands import Amend, Place, Transfer
from partita.schemas.decimals import from_steps
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.errors import InvalidValue

NOW_MS = 10_000
HEAD = Head(7, "p1", NOW_MS + 10_000)
LIMIT = OrderWish("buy", None, None, "100.25", "0.05", None, False, "dc", None)
MARKET = OrderWish("sell", None, None, None, "0.05", None, False, "dc", None)
CATALOGUE = Catalogue()
CATALOGUE.take([BTC_USD])
LISTED = CATALOGUE.listed("BTC-USD")
USD = Asset(2, "USD", Decimal("0.000001"))


def placed(wish: OrderWish) -> Place:
    """Return the command for an order of account 7."""
    return build.place(LISTED, HEAD, wish, NOW_MS)


RUBBISH: tuple[Any, ...] = (
    "NaN",
    "1e400",
    "Infinity",
    "-1",
    "0",
    "",
    "twelve",
    "٣",
    "9" * 41,
    "100000000000000000",
    0,
    -1,
    1 << 200,
    1.5,
    True,
    Decimal("NaN"),
    Decimal("Infinity"),
    Decimal("1e400"),
    Decimal("-0.01"),
    [],
)


@pytest.mark.parametrize("value", RUBBISH, ids=repr)
@pytest.mark.parametrize(
    ("field", "wish"),
    [
        ("price", LIMIT),
        ("size", LIMIT),
        ("size", MARKET),
        ("funds", MARKET._replace(side="buy")),
    ],
)
def test_rubbish_is_refused_by_field_and_value(field: str, wish: OrderWish, value: Any) -> None:
    """NaN, 1e400, negative, zero, too large, floats: an error that names field and value."""
    with pytest.raises(InvalidValue) as refused:
        placed(wish._replace(**{field: value}))
    assert field == refused.value.field


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("price", "100.001", "must be a multiple of 0.01"),
        ("price", "0.00", "must be at least 0.01"),
        ("price", "1000000.01", "must be at most 1000000.00"),
        ("size", "0.00015", "must be a multiple of 0.0001"),
        ("size", "0.0009", "must be at least 0.0010"),
        ("size", "1000.0001", "must be at most 1000.0000"),
        ("side", "bid", "must be one of buy, sell"),
        ("type", "stop", "must be one of limit, market"),
        ("time_in_force", "DAY", "must be one of GTC, IOC, FOK, GTT"),
        ("self_trade", "no", "must be one of dc, co, cn, cb"),
        ("post_only", "yes", "must be true or false"),
        ("funds", "5", "is for market buys only"),
        ("expire_ms", NOW_MS + 1, "is for GTT orders only"),
        ("size", None, "a limit order has one"),
        ("type", "market", "a market order has none"),
    ],
)
def test_a_limit_order_breaks_a_rule(field: str, value: Any, rule: str) -> None:
    """Each error says the rule in the units that the client used."""
    with pytest.raises(InvalidValue) as refused:
        placed(LIMIT._replace(**{field: value}))
    assert rule == refused.value.rule


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (LIMIT._replace(type="limit", price=None), "price"),
        (MARKET._replace(time_in_force="GTC"), "time_in_force"),
        (MARKET._replace(time_in_force="GTT", expire_ms=NOW_MS + 1), "time_in_force"),
        (MARKET._replace(funds="5"), "funds"),
        (MARKET._replace(size=None), "size"),
        (MARKET._replace(side="buy", size=None), "size"),
        (MARKET._replace(side="buy", size=None, funds="5", time_in_force="FOK"), "size"),
        (MARKET._replace(post_only=True), "post_only"),
        (LIMIT._replace(post_only=True, time_in_force="IOC"), "post_only"),
        (LIMIT._replace(post_only=True, time_in_force="FOK"), "post_only"),
        (LIMIT._replace(time_in_force="GTT"), "expire_ms"),
        (LIMIT._replace(time_in_force="GTT", expire_ms=NOW_MS), "expire_ms"),
    ],
)
def test_options_that_do_not_go_together_are_refused(wish: OrderWish, field: str) -> None:
    """The error names the field that is one too many, or missing."""
    with pytest.raises(InvalidValue) as refused:
        placed(wish)
    assert field == refused.value.field


@pytest.mark.parametrize("side", Side)
def test_a_limit_order_is_in_ticks_and_lots(side: Side) -> None:
    """Without options it is GTC; 100.25 at 0.01 is 10,025 ticks, 0.05 at 0.0001 is 500 lots."""
    expected = Place(
        *HEAD,
        instrument_id=1,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=10_025,
        size=500,
        funds=0,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
    )
    actual = placed(LIMIT._replace(side=str(side)))
    assert (Place, expected) == (type(actual), actual)


@pytest.mark.parametrize(
    ("wish", "size", "funds"),
    [
        (MARKET, 500, 0),
        (MARKET._replace(side="buy"), 500, 0),
        (MARKET._replace(side="buy", size=None, funds="12.345678"), 0, 12_345_678),
        (MARKET._replace(side="buy", funds=5), 500, 5_000_000),
    ],
)
def test_an_order_without_price_is_a_market_order(wish: OrderWish, size: int, funds: int) -> None:
    """It is IOC, and funds are in units of the quote asset."""
    command = placed(wish)
    expected = (OrderType.MARKET, TimeInForce.IOC, 0, size, funds)
    assert expected == command[5:10]


@given(price=st.integers(1, 100_000_000), size=st.integers(10, 10_000_000))
def test_every_price_and_size_comes_through_exactly(price: int, size: int) -> None:
    """A decimal of so many steps is sent as so many steps."""
    said = (from_steps(price, LISTED.price_step), from_steps(size, LISTED.size_step))
    command = placed(LIMIT._replace(price=said[0], size=said[1]))
    assert (price, size) == (command.price, command.size)


def test_a_notional_that_no_hold_covers_is_refused() -> None:
    """The largest price times the largest size is above 2^62 quote units at this scale."""
    huge = BTC_USD._replace(
        symbol="HUGE-USD", max_size=1 << 50, max_price=1 << 50, tick=10**6, notional_unit=100
    )
    catalogue = Catalogue()
    catalogue.take([huge])
    wish = LIMIT._replace(price=1 << 40, size=10_000_000)
    with pytest.raises(InvalidValue) as refused:
        build.place(catalogue.listed("HUGE-USD"), HEAD, wish, NOW_MS)
    assert refused.value.field == "price x size"


@pytest.mark.parametrize("value", [0, -1, 1 << 63, True, "7", 1.0, None])
def test_an_account_is_a_whole_number_from_1(value: Any) -> None:
    """As is an order_id."""
    with pytest.raises(InvalidValue) as refused:
        build.whole(value, "account")
    assert refused.value.field == "account"


@pytest.mark.parametrize("value", ["", "x" * 37, "ä", "a\nb", 5, None, b"x"])
def test_an_identifier_is_printable_and_short(value: Any) -> None:
    """1 to 36 printable ASCII characters."""
    with pytest.raises(InvalidValue) as refused:
        build.identifier(value, "transfer_id")
    assert refused.value.field == "transfer_id"


def test_an_identifier_of_36_characters_is_taken() -> None:
    """A UUID in its usual form fits."""
    assert build.identifier("x" * 36, "id") == "x" * 36


@pytest.mark.parametrize(("order_id", "client_order_id"), [(None, None), (1, "a"), (0, None)])
def test_an_order_is_named_in_exactly_one_way(
    order_id: int | None, client_order_id: str | None
) -> None:
    """Not at all, twice, or by a number that is none."""
    with pytest.raises(InvalidValue) as refused:
        build.order_name(order_id, client_order_id)
    assert refused.value.field == "order_id"


def test_an_order_goes_by_either_name() -> None:
    """The other one stays empty."""
    assert build.order_name(5, None) == (5, "")
    assert build.order_name(None, "a") == (0, "a")


def test_an_amend_is_in_ticks_and_lots() -> None:
    """Its size is the new total."""
    actual = build.amend(LISTED, HEAD, (5, ""), "99.5", "0.04")
    assert (Amend, Amend(*HEAD, 5, "", 9_950, 400)) == (type(actual), actual)


@pytest.mark.parametrize(("price", "size", "field"), [("0", "1", "price"), ("1", "0", "size")])
def test_an_amend_to_nothing_is_refused(price: str, size: str, field: str) -> None:
    """Neither price nor size may be zero."""
    with pytest.raises(InvalidValue) as refused:
        build.amend(LISTED, HEAD, (5, ""), price, size)
    assert field == refused.value.field


@pytest.mark.parametrize(("amount", "units"), [("12.5", 12_500_000), (-3, -3_000_000)])
def test_a_transfer_goes_in_or_out(amount: str | int, units: int) -> None:
    """Positive in, negative out, in the asset's smallest unit."""
    actual = build.transfer(USD, HEAD, amount)
    assert (Transfer, Transfer(*HEAD, 2, units)) == (type(actual), actual)


@pytest.mark.parametrize("amount", ["0", "0.0000001", "NaN", "1e400", 1.5, str(1 << 70)])
def test_a_transfer_of_no_amount_is_refused(amount: Any) -> None:
    """Zero, over-precise, no number, too large."""
    with pytest.raises(InvalidValue) as refused:
        build.transfer(USD, HEAD, amount)
    assert refused.value.field == "amount"


def test_ids_are_12_url_safe_characters_and_all_different() -> None:
    """Also across the refilling of the pool."""
    ids = build.Ids()
    made = [ids.new() for _ in range(2_000)]
    assert len(set(made)) == 2_000
    assert {len(one) for one in made} == {12}
    letters = {letter for one in made for letter in one}
    assert all(letter.isalnum() or letter in "-_" for letter in letters)


@pytest.mark.parametrize("symbol", ["DOGE-USD", "", None, ["BTC-USD"], 1])
def test_an_unknown_symbol_is_refused(symbol: Any) -> None:
    """Whatever it is."""
    with pytest.raises(InvalidValue) as refused:
        CATALOGUE.listed(symbol)
    assert refused.value.field == "symbol"


@pytest.mark.parametrize("name", ["EUR", "", None, {}])
def test_an_unknown_asset_is_refused(name: Any) -> None:
    """Whatever it is."""
    with pytest.raises(InvalidValue) as refused:
        CATALOGUE.asset(name)
    assert refused.value.field == "asset"


def test_newer_rules_count_and_older_ones_do_not() -> None:
    """Rules come again and out of order from a compacted topic."""
    catalogue = Catalogue()
    newer = BTC_USD._replace(version=2, min_size=20)
    catalogue.take([newer, BTC_USD])
    assert {"BTC-USD": newer} == catalogue.instruments
