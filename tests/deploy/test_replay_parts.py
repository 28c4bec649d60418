"""The parts of `partita replay` that need no exchange: needs, ids, waits, percentiles, audit."""

from array import array
from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.replay.audit import Audit
from partita.deploy.replay.following import Command, Following, Order
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.latency import percentiles
from partita.deploy.replay.need import deposits
from partita.deploy.tape.reader import read_tape
from partita.deploy.tape.row import Op
from partita.producers import RawEvent
from partita.schemas.accounts import Accepted, AccountEvent, Balance, Filled, Total
from partita.schemas.enums import Liquidity, Side

HEADER = "op,id,account,symbol,side,type,tif,price,size,funds,post_only,stp,expire_ms,time_ms"
INSTRUMENTS = {rules.symbol: rules for rules in read_instruments(DEFAULT_FILE, 2, {})}
BTC_USD = INSTRUMENTS["BTC-USD"]
BY_ID = {rules.instrument_id: rules for rules in INSTRUMENTS.values()}


def write(path: Path, *lines: str) -> Path:
    """Write a tape; return its path."""
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="ascii")
    return path


# What the accounts need.


def needed(tmp_path: Path, *lines: str) -> dict[tuple[int, str], str]:
    """Return the deposits of a tape by account and asset."""
    tape = write(tmp_path / "tape.csv", *lines)
    found = deposits(read_tape(tape), INSTRUMENTS)
    return {(one.account, one.asset): str(one.amount) for one in found}


def test_buys_need_notional_and_highest_fee_and_sells_their_size(tmp_path: Path) -> None:
    """A buy of 3 at 200 and a sell of 2: 600 and a fee of 0.2 %; 2 BTC."""
    assert {(1, "USD"): "601.2000000000", (2, "BTC"): "2.00000000"} == needed(
        tmp_path,
        "place,a,1,BTC-USD,buy,limit,GTC,200,3,,,,,",
        "place,b,2,BTC-USD,sell,limit,GTC,200,2,,,,,",
    )


def test_an_amend_needs_as_much_as_another_order(tmp_path: Path) -> None:
    """What an order held may have been spent by fills before the amend."""
    assert {(1, "USD"): "1402.8000000000", (2, "BTC"): "7.00000000"} == needed(
        tmp_path,
        "place,a,1,BTC-USD,buy,limit,GTC,200,3,,,,,",
        "place,b,2,BTC-USD,sell,limit,GTC,200,2,,,,,",
        "amend,a,1,BTC-USD,,,,,4,,,,,",
        "amend,b,2,BTC-USD,,,,210,5,,,,,",
    )


def test_a_market_buy_needs_its_funds_or_a_generous_figure(tmp_path: Path) -> None:
    """By size alone: twice the highest price on the tape, fee included."""
    assert {
        (1, "USD"): "50.0000000000",
        (2, "USD"): "801.6000000000",
        (3, "BTC"): "1.00000000",
    } == (
        needed(
            tmp_path,
            "place,a,1,BTC-USD,buy,market,IOC,,,50,,,,",
            "place,b,2,BTC-USD,buy,market,IOC,,2,,,,,",
            "place,c,3,BTC-USD,sell,limit,GTC,200,1,,,,,",
        )
    )


def test_rows_that_will_be_refused_need_nothing(tmp_path: Path) -> None:
    """Unknown symbols, half ticks, absurd sizes and orders that were never placed."""
    assert {} == needed(
        tmp_path,
        "place,a,1,NO-SUCH,buy,limit,GTC,200,3,,,,,",
        "place,b,1,BTC-USD,buy,limit,GTC,200.001,3,,,,,",
        "place,c,1,BTC-USD,sell,limit,GTC,200,99999999999,,,,,",
        "amend,d,1,BTC-USD,,,,200,3,,,,,",
        "cancel,e,1,BTC-USD,,,,,,,,,,",
    )


def test_ids_of_two_runs_never_meet_and_none_becomes_too_long() -> None:
    """A tape's id stands behind the run's token; one without room is replaced by its hash."""
    one, other = RunIds("00000001"), RunIds("00000002")
    ids = ["a", "x" * 27, "x" * 28, "y" * 28, "x" * 36]
    made = [run_ids.order(name) for run_ids in (one, other) for name in ids]
    assert len(made) == len(set(made))
    assert all(len(name) <= 36 for name in made)
    assert len(one.order("x" * 37)) > 36, "what is too long by itself is still refused"


def test_percentiles_are_values_that_were_measured() -> None:
    """Nearest rank, over a thousand values."""
    values = array("d", (n / 1_000 for n in range(1, 1_001)))
    assert (1_000, 500.0, 900.0, 990.0, 999.0, 1_000.0) == percentiles(values)


# What an amend waits for.


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (Side.SELL, "199", True),
        (Side.SELL, "200", True),
        (Side.SELL, "201", False),
        (Side.SELL, None, True),
        (Side.BUY, "201", False),
    ],
)
def test_an_amend_waits_for_what_may_fill_its_order(
    side: Side, limit: str | None, expected: bool
) -> None:
    """Under way against a bid at 200: offers at or below it, and market sells; mirrored below."""
    for flip in (False, True):
        mirrored = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
        price = None if limit is None else Decimal(limit)
        if flip and price is not None:
            price = 400 - price
        following = Following()
        resting = Order(mirrored[Side.BUY] if flip else Side.BUY, reserves_all=False)
        taker = Order(mirrored[side] if flip else side, reserves_all=False)
        following.add(Command(Op.PLACE, 2, "t", "BTC-USD", taker, price, 0.0))
        assert expected == following.may_change(resting, Decimal(200), "BTC-USD")
        assert not following.may_change(resting, Decimal(200), "ETH-USD")


# The audit.


def stream(*events: AccountEvent) -> list[RawEvent]:
    """Return events as shard 0 would number them."""
    return [RawEvent(0, number, 0, event) for number, event in enumerate(events, 1)]


def total(asset_id: int, available: int, fees: int) -> Total:
    """Return a shard's sums that add up."""
    return Total(1, asset_id, available, 0, fees, 0, -available - fees)


USD, BTC = BTC_USD.quote_asset_id, BTC_USD.base_asset_id
LOT, COST = BTC_USD.lot, 20_000 * 5 * BTC_USD.notional_unit
FUNDED = (
    total(USD, 0, 0),
    total(BTC, 0, 0),
    Accepted(1, "t1", 0, 0, repeated=False),
    Balance(1, USD, 1_000_000, 0),
)


def bought(fee: int) -> Filled:
    """Return the fill of a purchase of 5 lots."""
    return Filled(1, 7, BTC_USD.instrument_id, Side.BUY, 1, 20_000, 5, fee, Liquidity.TAKER)


def audited(*events: AccountEvent) -> Audit:
    """Return an audit that has taken these events behind a transfer of 1,000,000 units."""
    audit = Audit(BY_ID)
    audit.expect(1, "t1", USD, 1_000_000)
    audit.take(stream(*FUNDED, *events))
    audit.close()
    return audit


def test_the_audit_agrees_with_a_fill_that_adds_up() -> None:
    """Balances and sums after a purchase with a fee."""
    audit = audited(
        bought(10),
        Balance(1, BTC, 5 * LOT, 0),
        Balance(1, USD, 1_000_000 - COST - 10, 0),
        total(BTC, 5 * LOT, 0),
        total(USD, 1_000_000 - COST - 10, 10),
    )
    assert (0, 3, 2) == (audit.difference_count, audit.balances_compared, audit.totals_compared)


@pytest.mark.parametrize(
    ("base", "quote", "money", "fees"),
    [
        (5 * LOT + 1, -COST - 10, -COST - 10, 10),  # base is made in the sum, not in the balance
        (5 * LOT, -COST - 9, -COST - 10, 10),  # a balance is one unit too large
        (5 * LOT, -COST - 10, -COST - 9, 10),  # the sum of the accounts is
        (5 * LOT, -COST - 10, -COST - 10, 11),  # the fees are
    ],
)
def test_the_audit_finds_one_unit_too_many(base: int, quote: int, money: int, fees: int) -> None:
    """Wherever it was made."""
    audit = audited(
        bought(10),
        Balance(1, BTC, 5 * LOT, 0),
        Balance(1, USD, 1_000_000 + quote, 0),
        total(BTC, base, 0),
        total(USD, 1_000_000 + money, fees),
    )
    assert audit.difference_count == 1


def test_the_audit_finds_a_fill_that_was_never_settled_and_events_that_never_came() -> None:
    """Money owed and not seen, for each asset; a hole in the numbers."""
    assert audited(bought(0)).difference_count == 2
    audit = Audit(BY_ID)
    first, second, third = stream(*FUNDED[:3])
    audit.take([first, third])
    audit.take([second._replace(number=4)])
    assert audit.difference_count == 1


def test_the_audit_cannot_tell_when_others_transfer_and_says_so() -> None:
    """No false alarm: their amounts do not stand on the stream."""
    audit = audited(
        Accepted(1, "theirs", 0, 0, repeated=False),
        Balance(1, USD, 3_000_000, 0),
        total(USD, 3_000_000, 0),
    )
    assert (0, 1) == (audit.difference_count, audit.foreign_transfers)
