"""How the trader's commands show things; without an exchange."""

import io
import json
from decimal import Decimal

import pytest
from rich.console import Console
from terminals.shown import BTC, replica, text

from partita.deploy.commands import views
from partita.deploy.commands.instruments import instruments_table, short
from partita.deploy.commands.ladder import BAR_WIDTH, bar, ladder, ladder_values, spread
from partita.deploy.commands.place import Placement, follow, show
from partita.deploy.commands.watching import JsonLines, News, PlainLines
from partita.marketdata.book_feed import Trade
from partita.marketdata.book_replica import Level
from partita.producers import (
    OrderDone,
    OrderFilled,
    OrderOpened,
    OrderReceived,
    OrderView,
    Position,
)
from partita.producers.events import PrivateEvent
from partita.schemas import feed
from partita.schemas.decimals import Increments
from partita.schemas.enums import (
    InstrumentStatus,
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason

WHERE = (Position(0, 1), 1_000, 1, 12, "mine", "BTC-USD")


def order(**fields: object) -> OrderView:
    """Return an open order, with some fields otherwise."""
    view = OrderView(
        *WHERE,
        Side.BUY,
        OrderType.LIMIT,
        TimeInForce.GTC,
        price=Decimal("50000.00"),
        size=Decimal("0.50000000"),
        filled=Decimal("0.00000000"),
        remaining=Decimal("0.50000000"),
        hold=Decimal("25050.0000000000"),
        state=OrderState.OPEN,
        outcome=None,
        reason=None,
    )
    return view._replace(**fields)  # type: ignore[arg-type]  # the fields of OrderView by name


def fill(trade_id: int, price: str, size: str, order_id: int = 12) -> OrderFilled:
    """Return a fill of a taker at 0.2 %."""
    fee = Decimal(price) * Decimal(size) * Decimal("0.002")
    where = (*WHERE[:3], order_id, *WHERE[4:])
    return OrderFilled(
        *where, Side.BUY, trade_id, Decimal(price), Decimal(size), fee, Liquidity.TAKER
    )


def received(*, repeated: bool) -> OrderReceived:
    """Return the answer to a place."""
    return OrderReceived(
        *WHERE,
        Side.BUY,
        OrderType.LIMIT,
        TimeInForce.GTC,
        Decimal("50000.00"),
        Decimal("0.50000000"),
        None,
        False,
        SelfTrade.DC,
        None,
        repeated,
    )


OPENED = OrderOpened(*WHERE, Decimal("0.30000000"))
DONE = OrderDone(*WHERE, Outcome.FILLED, None, Decimal("0.50000000"), Decimal(0))


def test_price_has_the_decimals_of_its_tick() -> None:
    """However many decimals the quote asset has."""
    increments = Increments.of(BTC)
    shown = [views.number(increments.price(5_000_000)), views.number(increments.size(1))]
    assert shown == ["50,000.00", "0.00000001"]


@pytest.mark.parametrize(("tick", "price"), [(10**11, "500"), (10**10, "50"), (5 * 10**9, "25.0")])
def test_tick_of_whole_coins_is_shown_without_exponent(tick: int, price: str) -> None:
    """Fifty ticks of ten, one and a half dollar."""
    increments = Increments.of(BTC._replace(tick=tick))
    assert views.number(increments.price(50)) == price


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1000.0000000000", "1,000.00"),
        ("0.41996007", "0.41996007"),
        ("1.9960070000", "1.996007"),
        ("-3.5000", "-3.50"),
        ("7", "7"),
        ("0.0", "0.0"),
    ],
)
def test_money_is_shown_without_needless_zeros(value: str, shown: str) -> None:
    """Every unit that is there is shown."""
    assert views.money(Decimal(value)) == shown


def test_ladder_has_asks_above_bids_and_sums_outwards() -> None:
    """The best prices meet in the middle, where the spread stands."""
    book = replica((Side.SELL, 50_010, 100), (Side.SELL, 50_020, 300), (Side.BUY, 50_000, 200))
    book.apply(feed.Opened(9, Side.BUY, 5_000_000, 50_000_000))
    lines = text(ladder(book, 10))
    assert [line.split() for line in lines] == [
        ["BTC-USD"],
        ["price", "size", "cumulative", "orders"],
        ["50,020.00", "3.00000000", "4.00000000", "1", "█" * 24],
        ["50,010.00", "1.00000000", "1.00000000", "1", "█" * 8],
        ["spread", "10.00", "(0.020", "%)"],
        ["50,000.00", "2.50000000", "2.50000000", "2", "█" * 20],
        ["no", "trades", "yet"],
    ]


def test_ladder_is_cut_to_the_best_levels() -> None:
    """Of ten asks the nearest two are shown."""
    book = replica(*((Side.SELL, 50_000 + price, 100) for price in range(10)))
    prices = [line.split()[0] for line in text(ladder(book, 2))[2:4]]
    assert prices == ["50,001.00", "50,000.00"]
    assert [level["price"] for level in ladder_values(book, 2)["asks"]] == [
        Decimal("50000.00"),
        Decimal("50001.00"),
    ]


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        ((), "empty"),
        (((Side.SELL, 50_000, 1),), "no bids"),
        (((Side.BUY, 50_000, 1),), "no asks"),
    ],
)
def test_side_that_is_empty_is_said_to_be(
    orders: tuple[tuple[Side, int, int], ...], says: str
) -> None:
    """There is no spread then."""
    assert says in " ".join(text(ladder(replica(*orders), 5)))


@pytest.mark.parametrize("largest", [1, 7, 10**12])
def test_bar_is_as_long_as_its_size(largest: int) -> None:
    """The largest fills the width, the smallest is still seen, none is longer."""
    assert bar(largest, largest) == "█" * BAR_WIDTH
    assert len(bar(1, largest)) >= 1
    assert len(bar(max(1, largest // 2), largest)) <= BAR_WIDTH


def test_spread_is_of_the_middle() -> None:
    """In percent of the price between both."""
    assert spread(Decimal("99.00"), Decimal("101.00")) == "spread 2.00 (2.000 %)"


@pytest.mark.parametrize("width", [80, 40])
def test_number_is_never_cut(width: int) -> None:
    """Where a terminal is too narrow a value goes on in the next line."""
    lines = text(views.orders_table([order(client_order_id="x" * 36)]), width)
    shown = "".join("".join(lines).split())
    assert shown.count("x") == 36
    assert "…" not in shown


def test_client_order_id_is_no_markup() -> None:
    """An id with brackets is shown as it is."""
    view = order(client_order_id="[red]a[/]")
    assert "[red]a[/]" in text(views.orders_table([view]))[1]
    assert "[red]a[/]" in text(views.order_lines(view))[0]


def test_order_that_is_done_says_why() -> None:
    """The reason is explained in words."""
    done = order(
        state=OrderState.DONE, outcome=Outcome.REJECTED, reason=Reason.POST_ONLY_WOULD_TAKE
    )
    expected = "state      rejected (post_only_would_take: a post-only order met a resting one)"
    assert expected == text(views.order_lines(done), 120)[-1]


def test_average_price_is_by_size() -> None:
    """Two decimals more than the tick; none without fills."""
    fills = [fill(1, "60.00", "1"), fill(2, "62.00", "2")]
    assert views.average_price(fills) == Decimal("61.3333")
    assert views.average_price([]) is None


def test_json_keeps_decimals_exact_and_names_fields() -> None:
    """Decimals are strings, also inside."""
    values = json.loads(json.dumps(views.jsonable([order(hold=Decimal("1E-8"))])))
    assert values[0]["hold"] == "0.00000001"
    assert values[0]["position"] == {"shard": 0, "number": 1}
    assert (values[0]["side"], values[0]["outcome"]) == ("buy", None)


FILLS = (fill(1, "50000.00", "0.10000000"), fill(2, "50000.00", "0.10000000"))
OTHERS = fill(3, "1.00", "9", order_id=13)


@pytest.mark.parametrize(
    ("filled", "events", "expected"),
    [
        ("0", [received(repeated=False), OPENED], ()),
        ("0.2", [received(repeated=False), FILLS[0], OTHERS, FILLS[1], OPENED], FILLS),
        ("0.5", [received(repeated=False), *FILLS, fill(4, "1.00", "0.3"), DONE], None),
        # It rested, and was filled before it was asked for.
        ("0.2", [received(repeated=False), FILLS[0], OPENED, FILLS[1], OTHERS], FILLS),
        # The SDK had to say it twice.
        ("0.1", [received(repeated=False), received(repeated=True), FILLS[0], OPENED], FILLS[:1]),
    ],
)
def test_fills_are_collected_until_the_order_rests_or_is_done(
    filled: str, events: list[PrivateEvent], expected: tuple[OrderFilled, ...] | None
) -> None:
    """Its own fills and all of them."""
    view = order(filled=Decimal(filled))
    placement = follow(view, events)
    if expected is None:
        expected = tuple(event for event in events if isinstance(event, OrderFilled))
    assert placement == Placement(view, expected, repeated=False)


def test_order_that_was_placed_before_has_no_fills_of_its_own_now() -> None:
    """What a repeat is answered says so."""
    view = order()
    assert follow(view, [received(repeated=True)]) == Placement(view, (), repeated=True)


def test_placement_is_shown_with_its_fills_and_standing() -> None:
    """The order, its fills, their average and fees, and what rests."""
    view = order(filled=Decimal("0.20000000"), remaining=Decimal("0.30000000"))
    out = io.StringIO()
    show(Console(file=out, width=100), Placement(view, FILLS, repeated=False))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines == [
        "buy 0.50000000 BTC-USD, limit GTC at 50,000.00 (order 12, id mine)",
        "trade      price        size    fee  liquidity",
        "    1  50,000.00  0.10000000  10.00  taker",
        "    2  50,000.00  0.10000000  10.00  taker",
        "filled 0.20000000 at 50,000.0000 on average, fees 20.00 USD",
        "open: 0.30000000 rests in the book",
    ]


def test_halted_instrument_is_marked() -> None:
    """Beside its symbol."""
    lines = text(instruments_table([BTC, BTC._replace(status=InstrumentStatus.HALTED)]))
    assert lines[1].split()[:2] == ["BTC-USD", "0.01"]
    assert lines[2].split()[:3] == ["BTC-USD", "halted", "0.01"]
    assert "0.1/0.2" in lines[1]


def test_limits_are_shown_without_zeros() -> None:
    """A large round number stays whole."""
    assert [short(Decimal(value)) for value in ("100000.00", "0.0010", "200")] == [
        "100,000",
        "0.001",
        "200",
    ]


BID, ASK = Level(4_999_900, 100_000_000, 2), Level(5_000_000, 25_000_000, 1)
TRADE = Trade(1_795_424_546_061, 7, Side.BUY, 5_000_000, 5_000_000)


def test_watching_prints_each_change_once(capsys: pytest.CaptureFixture[str]) -> None:
    """History is not printed; then trades, and the BBO where it has changed."""
    lines = PlainLines(BTC)
    lines.start(News(BID, ASK, [TRADE], ""))
    lines.show(News(BID, ASK, [], ""))
    lines.show(News(None, ASK, [TRADE], ""))
    assert capsys.readouterr().out.splitlines() == [
        "bid 49,999.00 x 1.00000000  ask 50,000.00 x 0.25000000",
        "2026-11-23 09:02:26.061  trade 7  buy 0.05000000 at 50,000.00",
        "bid -  ask 50,000.00 x 0.25000000",
    ]


def test_watching_for_programs_prints_objects(capsys: pytest.CaptureFixture[str]) -> None:
    """One a line."""
    lines = JsonLines(BTC)
    lines.start(News(BID, None, [], ""))
    lines.show(News(BID, None, [TRADE], ""))
    bbo, trade = map(json.loads, capsys.readouterr().out.splitlines())
    assert bbo == {
        "event": "bbo",
        "symbol": "BTC-USD",
        "bid": "49999.00",
        "bid_size": "1.00000000",
        "ask": None,
        "ask_size": None,
    }
    assert trade == {
        "event": "trade",
        "symbol": "BTC-USD",
        "time_ms": 1_795_424_546_061,
        "trade_id": 7,
        "taker_side": "buy",
        "price": "50000.00",
        "size": "0.05000000",
    }


def test_watching_tells_of_trouble_once(capsys: pytest.CaptureFixture[str]) -> None:
    """When it begins, and when it is over."""
    lines = PlainLines(BTC)
    for trouble in ("", "event 8 is missing", "event 8 is missing", ""):
        lines.show(News(BID, ASK, [], trouble))
    assert capsys.readouterr().err.splitlines() == [
        "warning: event 8 is missing",
        "warning: the feed goes on",
    ]
