"""The parts by themselves: what is remembered, what is told apart, what is kept in a file."""

import random
from pathlib import Path

import pytest
from histories.check import Summary, check_history, main
from histories.complete import completed
from histories.day import Day
from histories.entries import Entry, Heard
from histories.flows import Flow
from histories.hearing import Hearing
from histories.history import kept
from histories.lines import from_line, to_line
from histories.runs import Runs
from histories.table import SHARDS, Table
from histories.topups import TopUps
from histories.trades import Trades
from histories.violation import Violation
from hypothesis import given
from hypothesis import strategies as st

from partita.schemas.accounts import Filled, Opened
from partita.schemas.enums import Liquidity, Side

ANN, USD = 1, 1
X, Y, Z = (ANN, "x"), (ANN, "y"), (ANN, "z")


@given(st.lists(st.integers(1, 30)))
def test_runs_are_the_numbers_that_were_added(numbers: list[int]) -> None:
    """In any order; a number is new once."""
    runs, naive = Runs(), set[int]()
    for number in numbers:
        assert (number not in naive) == runs.add(number)
        naive.add(number)

    assert sorted(naive) == [n for first, last in runs.all() for n in range(first, last + 1)]


def test_a_top_up_belongs_to_the_only_amend_that_may_have_brought_it() -> None:
    """It is gone when that amend is answered, and with it what is held."""
    top_ups = TopUps()

    assert top_ups.brought(ANN, USD, 70, {X: 9})
    assert (70, 70) == top_ups.of_order(ANN, USD, 9)
    assert {0, 70} == top_ups.amounts(ANN, USD, X)
    assert top_ups.answered(ANN, USD, X, 70)
    assert (0, 0) == top_ups.of_order(ANN, USD, 9)
    assert {} == top_ups.held()


def test_a_top_up_is_given_back_by_the_amend_that_brought_it() -> None:
    """One that is answered without it has kept it."""
    top_ups = TopUps()
    top_ups.brought(ANN, USD, 70, {X: 9})

    assert not top_ups.answered(ANN, USD, X, 0)


def test_nobody_gives_back_what_nobody_brought() -> None:
    """Neither from nothing, nor another amount, nor twice."""
    assert not TopUps().answered(ANN, USD, X, 70)
    top_ups = TopUps()
    top_ups.brought(ANN, USD, 70, {X: 9, Y: 9})

    assert top_ups.answered(ANN, USD, X, 70)
    assert not top_ups.answered(ANN, USD, Y, 70)


def test_more_top_ups_than_amends_cannot_be() -> None:
    """Each amend brings something once."""
    top_ups = TopUps()

    assert top_ups.brought(ANN, USD, 70, {X: 9})
    assert not top_ups.brought(ANN, USD, 50, {X: 9})


def test_alike_top_ups_are_told_apart_when_they_can_be() -> None:
    """Of x and y, and of x and z: when x has had one of them, y and z can still have the other."""
    for first, second in ((X, Y), (X, Z), (Z, X), (Y, X)):
        top_ups = TopUps()
        top_ups.brought(ANN, USD, 70, {X: 9, Y: 9})
        top_ups.brought(ANN, USD, 70, {X: 9, Z: 8})

        assert top_ups.answered(ANN, USD, first, 70)
        assert top_ups.answered(ANN, USD, second, 70)
        assert not any(top_ups.held().values())


def test_alike_top_ups_are_not_given_to_those_that_cannot_have_them() -> None:
    """Y and z have had both, so x has brought nothing."""
    top_ups = TopUps()
    top_ups.brought(ANN, USD, 70, {X: 9, Y: 9})
    top_ups.brought(ANN, USD, 70, {X: 9, Z: 8})
    top_ups.answered(ANN, USD, Y, 70)
    top_ups.answered(ANN, USD, Z, 70)

    assert {0} == top_ups.amounts(ANN, USD, X)
    assert not top_ups.answered(ANN, USD, X, 70)


def test_every_entry_of_a_day_is_a_line_and_back() -> None:
    """Types and enumerations included."""
    for entry in Day().run():
        again = from_line(to_line(entry))

        assert (type(entry), entry) == (type(again), again)
        assert repr(entry) == repr(again)


def test_a_history_in_a_file_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command, too; a lie in the file is found."""
    path = tmp_path / "history"
    flow = Flow(Table(path=path), random.Random(4))
    flow.run(20)
    flow.table.history.close()
    said: list[str] = []
    monkeypatch.setattr("sys.argv", ["check", str(path)])

    assert check_history(kept(path)).operations > 0
    assert main(said.append) == 0
    assert "is right" in said[0]

    path.write_text(path.read_text().replace('"maker"]', '"taker"]', 1))
    assert main(said.append) == 1
    assert "both parties are taker" in said[1]


def _streams(entries: list[Entry]) -> dict[int, list[Heard]]:
    heard = [entry for entry in entries if isinstance(entry, Heard)]
    return {shard: [one for one in heard if one.shard == shard] for shard in range(SHARDS)}


def test_what_clients_missed_is_completed_from_the_streams() -> None:
    """Holes anywhere, the end included; then nothing is missing."""
    entries = Day().run()
    streams = _streams(entries)
    holes = {*range(8, 14), 40, *range(95, 101)}
    torn = [e for e in entries if not (isinstance(e, Heard) and e.number in holes)]

    with pytest.raises(Violation, match="heard by nobody"):
        check_history(torn)
    assert check_history(entries) == check_history(completed(torn, streams))


def test_a_client_that_heard_something_else_than_the_log_is_found() -> None:
    """Though everything it heard fits together."""
    entries = Day().run()
    streams = _streams(entries)
    odd = streams[0][20]
    streams[0][20] = odd._replace(time_ms=odd.time_ms + 1)

    with pytest.raises(Violation, match="stands on the log"):
        check_history(completed(entries, streams))


def test_two_clients_that_hear_the_same_make_one_history() -> None:
    """The second lags behind, or is ahead; each event is judged once."""
    entries = Day().run()
    both: list[Entry] = []
    late: list[Heard] = []
    for at, entry in enumerate(entries):
        both.append(entry)
        if isinstance(entry, Heard):
            late.append(entry._replace(client=2))
        if at % 7 == 0:
            both += late
            late.clear()

    assert check_history(entries) == check_history([*both, *late])


def test_a_summary_counts_what_a_day_has() -> None:
    """So that a check of nothing is seen."""
    expected = Summary(
        operations=60,
        acknowledged=49,
        rejected=9,
        taken_after_all=1,
        never_taken=1,
        events=209,
        reads=13,
        trades=7,
    )

    assert expected == check_history(Day().run())


def _fill(account: int, side: Side, liquidity: Liquidity, trade_id: int = 1) -> Filled:
    return Filled(account, account, 1, side, trade_id, 100, 5, 0, liquidity)


def test_the_parties_of_a_trade_are_two() -> None:
    """A buyer and a seller, of two accounts; and a trade is told once."""
    maker = _fill(1, Side.SELL, Liquidity.MAKER)
    taker = _fill(2, Side.BUY, Liquidity.TAKER)
    for other, words in (
        (taker._replace(side=Side.SELL), "both parties sell"),
        (taker._replace(account=1), "trades with itself"),
        (taker._replace(size=4), "its other party was told 5 at 100"),
    ):
        trades = Trades()
        trades.fill(maker)
        with pytest.raises(Violation, match=words):
            trades.fill(other)
    trades = Trades()
    trades.fill(maker)
    trades.fill(taker)
    trades.at_rest(from_the_first=True)
    trades.fill(maker)
    with pytest.raises(Violation, match="was there before"):
        trades.fill(taker)


def test_two_clients_that_are_ahead_of_the_others_must_agree() -> None:
    """Also on what waits for what comes before it."""
    first = Heard(1, 0, 1, 10, Opened(1, 1, 5))
    ahead = first._replace(number=3)
    hearing = Hearing()

    assert [first] == list(hearing.take(first))
    assert [] == list(hearing.take(ahead))
    assert [] == list(hearing.take(ahead._replace(client=2)))
    with pytest.raises(Violation, match="client 3 heard"):
        list(hearing.take(ahead._replace(client=3, time_ms=11)))
