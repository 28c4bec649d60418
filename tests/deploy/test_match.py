"""A tape through one engine: the events it writes, refusals, the depth, and the right answers."""

import csv
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.match.files import EventsFile, write_book
from partita.deploy.match.run import MatchResult, run_tape
from partita.deploy.match.scale import Scale
from partita.deploy.tape.reader import read_tape
from partita.matchers.reference import ReferenceBook
from partita.schemas.errors import InvalidValue
from partita.schemas.reasons import Reason

SHARED_TAPES = Path(__file__).resolve().parents[3] / "shared" / "tapes"
HEADER = "seq,event,side,id,price,size,maker,taker,reason"
OTHER = {"buy": "sell", "sell": "buy"}


def run(text: str, tmp_path: Path, tick: str = "1", lot: str = "1") -> tuple[str, MatchResult]:
    """Return the lines of the events file without the header, and the result."""
    path = tmp_path / "tape.csv"
    path.write_text(text)
    scale = Scale(Decimal(tick), Decimal(lot))
    out = io.StringIO()
    result = run_tape(read_tape(path), ReferenceBook, scale, EventsFile(out, scale).add)
    for book in result.books.values():
        book.check()
    header, _, lines = out.getvalue().partition("\n")
    assert header == HEADER
    return lines, result


def events(text: str, tmp_path: Path, tick: str = "1", lot: str = "1") -> str:
    """Return the lines of the events file without the header."""
    return run(text, tmp_path, tick, lot)[0]


def test_a_resting_order_is_accepted_and_cancelled_with_what_was_left(tmp_path: Path) -> None:
    """A partial fill between the two: the cancelled event has the remainder."""
    text = "op,id,side,price,size\nplace,a,buy,10,5\nplace,b,sell,10,2\ncancel,a,,,\n"
    expected = (
        "0,accepted,buy,a,10,5,,,\n"
        "1,accepted,sell,b,10,2,,,\n"
        "1,trade,sell,,10,2,a,b,\n"
        "2,cancelled,buy,a,10,3,,,requested\n"
    )
    assert expected == events(text, tmp_path)


def test_prices_and_sizes_are_in_the_units_of_the_tape(tmp_path: Path) -> None:
    """Exact decimals with the increments' decimals, trade at the resting order's price."""
    text = "id,side,price,size\na,sell,236.46,0.00000003\nb,buy,236.47,0.00000001\n"
    expected = (
        "0,accepted,sell,a,236.46,0.00000003,,,\n"
        "1,accepted,buy,b,236.47,0.00000001,,,\n"
        "1,trade,buy,,236.46,0.00000001,a,b,\n"
    )
    assert expected == events(text, tmp_path, "0.01", "0.00000001")


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_immediate_remainder_is_cancelled(tmp_path: Path, side: str) -> None:
    """IOC and market alike; a market order has no price."""
    text = (
        f"id,side,type,tif,price,size\na,{OTHER[side]},,,10,1\nb,{side},,IOC,10,3\n"
        f"c,{OTHER[side]},,,10,1\nd,{side},market,,,3\ne,{side},market,,,3\n"
    )
    expected = (
        f"0,accepted,{OTHER[side]},a,10,1,,,\n"
        f"1,accepted,{side},b,10,3,,,\n"
        f"1,trade,{side},,10,1,a,b,\n"
        f"1,cancelled,{side},b,10,2,,,immediate_remainder\n"
        f"2,accepted,{OTHER[side]},c,10,1,,,\n"
        f"3,accepted,{side},d,,3,,,\n"
        f"3,trade,{side},,10,1,c,d,\n"
        f"3,cancelled,{side},d,,2,,,immediate_remainder\n"
        f"4,accepted,{side},e,,3,,,\n"
        f"4,cancelled,{side},e,,3,,,no_liquidity\n"
    )
    assert expected == events(text, tmp_path)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_refused_order_is_rejected_and_never_accepted(tmp_path: Path, side: str) -> None:
    """Post-only that would take; FOK that cannot be filled; the book is as it was."""
    text = (
        f"id,side,tif,post_only,price,size\na,{OTHER[side]},,,10,1\n"
        f"b,{side},,true,10,1\nc,{side},FOK,,10,2\nd,{side},FOK,,10,1\n"
    )
    expected = (
        f"0,accepted,{OTHER[side]},a,10,1,,,\n"
        f"1,rejected,{side},b,,,,,post_only_would_take\n"
        f"2,rejected,{side},c,,,,,fill_or_kill_unfillable\n"
        f"3,accepted,{side},d,10,1,,,\n"
        f"3,trade,{side},,10,1,a,d,\n"
    )
    lines, result = run(text, tmp_path)
    assert expected == lines
    rejections = {Reason.POST_ONLY_WOULD_TAKE: 1, Reason.FILL_OR_KILL_UNFILLABLE: 1}
    assert rejections == result.rejections


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_amend_names_the_new_remaining_size(tmp_path: Path, side: str) -> None:
    """After a fill of 4 of 10, an amend to 5 leaves 5, not 1; less keeps its place."""
    text = (
        f"op,id,side,price,size\nplace,a,{side},10,10\nplace,b,{side},10,1\n"
        f"place,c,{OTHER[side]},10,4\namend,a,,10,5\nplace,d,{OTHER[side]},10,6\n"
    )
    lines = events(text, tmp_path)
    expected = (
        f"3,amended,{side},a,10,5,,,\n"
        f"4,accepted,{OTHER[side]},d,10,6,,,\n"
        f"4,trade,{OTHER[side]},,10,5,a,d,\n"
        f"4,trade,{OTHER[side]},,10,1,b,d,\n"
    )
    assert lines.endswith(expected)


@pytest.mark.parametrize(("side", "better"), [("buy", 12), ("sell", 8)])
def test_an_amend_comes_before_the_trades_it_causes(tmp_path: Path, side: str, better: int) -> None:
    """A new price that reaches the other side takes, and the rest of it waits there."""
    text = (
        f"op,id,side,price,size\nplace,a,{side},10,3\nplace,b,{OTHER[side]},{better},2\n"
        f"amend,a,,{better},3\ncancel,a,,,\n"
    )
    lines = events(text, tmp_path)
    expected = (
        f"2,amended,{side},a,{better},3,,,\n"
        f"2,trade,{side},,{better},2,b,a,\n"
        f"3,cancelled,{side},a,{better},1,,,requested\n"
    )
    assert lines.endswith(expected)


def test_an_amend_without_a_price_or_a_size_leaves_it(tmp_path: Path) -> None:
    """What is missing is unchanged, also after a fill and another amend."""
    text = (
        "op,id,side,price,size\nplace,a,sell,10,5\nplace,b,buy,10,2\n"
        "amend,a,,11,\namend,a,,,9\namend,a,,,\n"
    )
    lines = events(text, tmp_path)
    expected = "2,amended,sell,a,11,3,,,\n3,amended,sell,a,11,9,,,\n4,amended,sell,a,11,9,,,\n"
    assert lines.endswith(expected)


def test_cancels_and_amends_of_no_live_order_are_rejected(tmp_path: Path) -> None:
    """Never placed, filled, cancelled, or another account's: unknown_order each time."""
    text = (
        "op,id,account,side,price,size\ncancel,x,1,,,\nplace,a,1,buy,10,1\nplace,b,2,sell,10,1\n"
        "cancel,a,1,,,\namend,b,2,,11,1\nplace,c,1,buy,5,1\ncancel,c,2,,,\namend,y,1,,,\n"
    )
    lines, result = run(text, tmp_path)
    rejected = [line for line in lines.splitlines() if ",rejected," in line]
    expected = [f"{seq},rejected,,{order},,,,,unknown_order" for seq, order in
                ((0, "x"), (3, "a"), (4, "b"), (6, "c"), (7, "y"))]  # fmt: skip
    assert expected == rejected
    assert result.rejections == {Reason.UNKNOWN_ORDER: 5}


def test_an_id_is_used_once(tmp_path: Path) -> None:
    """Open or ended, the second place is a duplicate; another account may use the same id."""
    text = (
        "op,id,account,side,price,size\nplace,a,1,buy,10,1\nplace,a,1,buy,10,1\ncancel,a,1,,,\n"
        "place,a,1,buy,10,1\nplace,a,2,buy,10,1\n"
    )
    expected = (
        "0,accepted,buy,a,10,1,,,\n1,rejected,buy,a,,,,,duplicate_id\n"
        "2,cancelled,buy,a,10,1,,,requested\n3,rejected,buy,a,,,,,duplicate_id\n"
        "4,accepted,buy,a,10,1,,,\n"
    )
    assert expected == events(text, tmp_path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{'x' * 37},1,buy,limit,,10,1,,,", Reason.INVALID_ID),
        ("é,1,buy,limit,,10,1,,,", Reason.INVALID_ID),
        ("a,0,buy,limit,,10,1,,,", Reason.INVALID_ACCOUNT),
        ("a,-3,buy,limit,,10,1,,,", Reason.INVALID_ACCOUNT),
        ("a,1,buy,limit,,,1,,,", Reason.INVALID_PRICE),
        ("a,1,buy,limit,,0,1,,,", Reason.INVALID_PRICE),
        ("a,1,sell,limit,,-1,1,,,", Reason.INVALID_PRICE),
        ("a,1,sell,limit,,10.5,1,,,", Reason.INVALID_PRICE),
        ("a,1,sell,limit,,10000000000000000000,1,,,", Reason.INVALID_PRICE),
        ("a,1,sell,market,,10,1,,,", Reason.INVALID_PRICE),
        ("a,1,buy,limit,,10,,,,", Reason.INVALID_SIZE),
        ("a,1,buy,limit,,10,0,,,", Reason.INVALID_SIZE),
        ("a,1,buy,limit,,10,-1,,,", Reason.INVALID_SIZE),
        ("a,1,buy,limit,,10,0.5,,,", Reason.INVALID_SIZE),
        ("a,1,buy,market,,,,,,", Reason.INVALID_SIZE),
        ("a,1,buy,market,,,-1,,5,", Reason.INVALID_SIZE),
        ("a,1,sell,market,,,,,5,", Reason.INVALID_SIZE),
        ("a,1,sell,market,,,1,,5,", Reason.INVALID_FUNDS),
        ("a,1,buy,market,,,1,,0,", Reason.INVALID_FUNDS),
        ("a,1,buy,market,,,,,0.5,", Reason.INVALID_FUNDS),
        ("a,1,buy,limit,,10,1,,5,", Reason.INVALID_FUNDS),
        ("a,1,buy,market,GTC,,1,,,", Reason.INVALID_COMBINATION),
        ("a,1,buy,limit,IOC,10,1,true,,", Reason.INVALID_COMBINATION),
        ("a,1,buy,limit,FOK,10,1,true,,", Reason.INVALID_COMBINATION),
        ("a,1,buy,limit,GTT,10,1,,,", Reason.INVALID_EXPIRY),
        ("a,1,buy,limit,GTT,10,1,,,100", Reason.INVALID_EXPIRY),
        ("a,1,buy,limit,GTC,10,1,,,101", Reason.INVALID_EXPIRY),
        ("a,1,buy,limit,,4000000000,4000000000,,,", Reason.NOTIONAL_TOO_LARGE),
    ],
)
def test_a_value_out_of_bounds_is_rejected_and_its_neighbours_live(
    tmp_path: Path, row: str, reason: Reason
) -> None:
    """The row reaches no book; the tape goes on."""
    text = (
        "id,account,side,type,tif,price,size,post_only,funds,expire_ms,time_ms\n"
        f"{row},100\nb,2,buy,limit,,7,1,,,,100\n"
    )
    lines, result = run(text, tmp_path)
    first, second = lines.splitlines()
    assert first.endswith(f",,,,,{reason}")
    assert second == "1,accepted,buy,b,7,1,,,"
    assert (result.messages, result.inputs) == (2, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0,1", Reason.INVALID_PRICE),
        ("1.5,1", Reason.INVALID_PRICE),
        ("10,0", Reason.INVALID_SIZE),
        ("10,-1", Reason.INVALID_SIZE),
        ("4000000000,4000000000", Reason.NOTIONAL_TOO_LARGE),
    ],
)
def test_a_rejected_amend_leaves_the_order_as_it_was(
    tmp_path: Path, row: str, reason: Reason
) -> None:
    """The order is still there with its price and size."""
    text = f"op,id,side,price,size\nplace,a,buy,10,2\namend,a,,{row}\ncancel,a,,,\n"
    expected = (
        f"0,accepted,buy,a,10,2,,,\n1,rejected,,a,,,,,{reason}\n"
        "2,cancelled,buy,a,10,2,,,requested\n"
    )
    assert expected == events(text, tmp_path)


@pytest.mark.parametrize(
    ("stp", "expected"),
    [
        ("dc", "1,amended,sell,a,10,3,,,self_trade\n1,cancelled,buy,b,10,2,,,self_trade\n"),
        ("co", "1,cancelled,sell,a,10,5,,,self_trade\n"),
        ("cn", "1,cancelled,buy,b,10,2,,,self_trade\n"),
        (
            "cb",
            "1,cancelled,sell,a,10,5,,,self_trade\n1,cancelled,buy,b,10,2,,,self_trade\n",
        ),
    ],
)
def test_self_trades_are_prevented_as_the_taker_says(
    tmp_path: Path, stp: str, expected: str
) -> None:
    """Each policy's cancels and decreases are events with their reason, and there is no trade."""
    text = f"id,account,side,price,size,stp\na,1,sell,10,5,\nb,1,buy,10,2,{stp}\n"
    lines, result = run(text, tmp_path)
    assert lines.endswith(f"1,accepted,buy,b,10,2,,,\n{expected}")
    assert result.trades == 0


def test_time_comes_from_the_tape_and_expires_orders_first(tmp_path: Path) -> None:
    """At its expiry an order is gone before the row of that time takes effect."""
    text = (
        "id,side,price,size,tif,expire_ms,time_ms\na,sell,10,1,GTT,100,1\nb,sell,11,1,,,2\n"
        "c,buy,11,1,,,100\n"
    )
    lines = events(text, tmp_path)
    expected = (
        "2,cancelled,sell,a,10,1,,,time_reached\n2,accepted,buy,c,11,1,,,\n2,trade,buy,,11,1,b,c,\n"
    )
    assert lines.endswith(expected)


def test_funds_bound_a_market_buy(tmp_path: Path) -> None:
    """Funds are quote money: 0.35 buys 3 lots of 0.1 at 1.0 and leaves what buys no lot."""
    text = "id,side,type,price,size,funds\na,sell,,1.0,0.5,\nb,buy,market,,,0.35\n"
    lines = events(text, tmp_path, "0.1", "0.1")
    expected = "1,accepted,buy,b,,,,,\n1,trade,buy,,1.0,0.3,a,b,\n"
    assert lines.partition("\n")[2].startswith(expected)


def test_every_symbol_has_its_own_book(tmp_path: Path) -> None:
    """Equal prices of two symbols do not meet; a cancel without a symbol finds its order."""
    text = (
        "op,id,symbol,side,price,size\nplace,a,A-USD,buy,10,1\nplace,b,B-USD,sell,10,1\n"
        "cancel,b,,,,\nplace,c,B-USD,buy,9,2\n"
    )
    lines, result = run(text, tmp_path)
    assert "2,cancelled,sell,b,10,1,,,requested\n" in lines
    assert list(result.books) == ["A-USD", "B-USD"]
    out = io.StringIO()
    write_book(out, result.books, Scale(Decimal(1), Decimal(1)))
    expected = "side,price,size,orders,symbol\nbuy,10,1,1,A-USD\nbuy,9,2,1,B-USD\n"
    assert expected == out.getvalue()


def test_the_final_depth_is_written_best_first(tmp_path: Path) -> None:
    """Highest bid and lowest ask first, sizes summed over the orders of a price."""
    text = "id,side,price,size\na,buy,8,1\nb,buy,9,1\nc,buy,9,2\nd,sell,12,1\ne,sell,11,4\n"
    out = io.StringIO()
    write_book(out, run(text, tmp_path)[1].books, Scale(Decimal(1), Decimal(1)))
    expected = "side,price,size,orders\nbuy,9,3,2\nbuy,8,1,1\nsell,11,4,1\nsell,12,1,1\n"
    assert expected == out.getvalue()


def test_the_rate_counts_every_input_of_a_tape_longer_than_a_chunk(tmp_path: Path) -> None:
    """Inputs are measured to the last, and progress tells of the rows."""
    rows = "".join(f"{seq},buy,{1 + seq % 50},1\n" for seq in range(12_001))
    path = tmp_path / "tape.csv"
    path.write_text(f"id,side,price,size\n{rows}")
    done: list[int] = []
    scale = Scale(Decimal(1), Decimal(1))
    result = run_tape(read_tape(path), ReferenceBook, scale, on_progress=done.append)
    assert (result.messages, result.inputs, result.trades) == (12_001, 12_001, 0)
    assert result.engine_s > 0
    assert done == [5_000, 5_000]


@pytest.mark.parametrize(("tick", "lot"), [("0", "1"), ("1", "-1"), ("0.0000000000000000001", "1")])
def test_an_increment_that_is_none_is_refused(tick: str, lot: str) -> None:
    """Zero, negative, or finer than can be computed with exactly."""
    with pytest.raises(InvalidValue):
        Scale(Decimal(tick), Decimal(lot))


def test_increments_need_not_be_powers_of_ten() -> None:
    """A lot at a tick costs tick times lot: a whole number of the unit of funds."""
    scale = Scale(Decimal("0.25"), Decimal("0.005"))
    instrument = scale.instrument("A-B")
    assert (instrument.tick, instrument.lot, instrument.notional_unit) == (25_000, 5, 125)
    cost = instrument.notional_unit * scale.quote_unit
    assert Decimal("0.25") * Decimal("0.005") == cost
    assert instrument.notional_unit == instrument.tick * instrument.lot // 10**3


@pytest.mark.parametrize(
    "name", ["bitstamp-btcusd-2015-05-01", "flash1-normal-200k", "flash1-static-200k"]
)
def test_the_shared_tapes_have_the_right_answer(tmp_path: Path, name: str) -> None:
    """`partita match --events` without other options, and check_events.py says right."""
    tape = SHARED_TAPES / f"{name}.csv.gz"
    checker = SHARED_TAPES / "check_events.py"
    if not (tape.exists() and checker.exists()):
        pytest.skip(f"the shared tapes are not at {SHARED_TAPES}")
    path = tmp_path / "events.csv"
    program = "from partita.deploy.match.command import match; match()"
    match = [sys.executable, "-c", program, str(tape), "--events", str(path)]
    subprocess.run(match, check=True, capture_output=True)
    told = subprocess.run(
        [sys.executable, str(checker), str(tape), str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stdout.splitlines()[-1]) == (0, "right"), told.stderr
    with path.open(newline="") as file:
        assert HEADER.split(",") == next(csv.reader(file))
