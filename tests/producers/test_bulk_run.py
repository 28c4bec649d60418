"""The rows of a bulk without a log, in both engines, which must say the same."""

from array import array
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from producers_support.make import RECEIVED

from partita.log import native
from partita.log.port import Record
from partita.producers.bulk.bulk import Bulk
from partita.producers.bulk.outcomes import RowState
from partita.producers.bulk.reference import ReferenceRun, digits
from partita.producers.bulk.run import NativeRun, Run, new_run
from partita.producers.bulk.table import OrderTable, OrderTerms, check_columns
from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    AccountEventBatch,
    AccountEventGroup,
    Done,
    Filled,
    Opened,
    Rejected,
)
from partita.schemas.codec import decode, encode
from partita.schemas.commands import CommandBatch
from partita.schemas.enums import Line, Liquidity, Outcome, Side, TimeInForce
from partita.schemas.errors import InvalidValue, Unreadable
from partita.schemas.reasons import Reason

NATIVE = pytest.mark.skipif(not native.INSTALLED, reason="partita_native is not installed")
ENGINES = [pytest.param(ReferenceRun, id="reference"), pytest.param(NativeRun, id="native")]
ENGINES[1] = pytest.param(NativeRun, id="native", marks=NATIVE)
MakeRun = Callable[[str, Sequence[int]], Run]


def table(*accounts: int, terms: OrderTerms | None = None) -> OrderTable:
    """Return an order of each account."""
    made = OrderTable(terms or OrderTerms())
    for account in accounts:
        made.append(account, 1, Side.SELL, 100, 20)
    return made


def record(*events: AccountEvent, first: int, shard: int = 0) -> Record:
    """Return events as a record of a shard's stream, numbered from `first`."""
    group = AccountEventGroup(first, 0, 1_000, events)
    accounts = tuple(sorted({event.account for event in events}))
    value = encode(AccountEventBatch(accounts, b"", Line.A, shard, (group,)))
    return Record(shard, first, 1_000, value)


def received(row: int, order_id: int, *, repeated: bool = False) -> AccountEvent:
    """Return the answer to a row's order."""
    return RECEIVED._replace(command_id=f"run{digits(row)}", order_id=order_id, repeated=repeated)


def rejected(row: int) -> AccountEvent:
    """Return the refusal of a row."""
    return Rejected(7, f"run{digits(row)}", Reason.INSUFFICIENT_FUNDS, 0, repeated=False)


def sent(make: MakeRun, rows: int) -> Run:
    """Return a run that has sent so many orders, where one shard has told 10 events."""
    run = make("run", [10])
    run.place(table(*[7] * rows))
    run.encode(0, rows, 5_000)
    return run


def states(run: Run, end: int) -> list[RowState]:
    """Return how far the first rows are."""
    return [RowState(state) for state in run.outcomes(0, end)[0]]


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> MakeRun:
    """The runs of each engine."""
    made: MakeRun = request.param
    return made


def test_each_row_goes_to_its_shard_under_its_own_id(make: MakeRun) -> None:
    """In order, by the terms of the table, cancels behind orders."""
    run = make("run", [0, 0])
    run.place(table(7, 8, 9, terms=OrderTerms(time_in_force=TimeInForce.IOC)))
    run.cancel(array("q", [11]), array("q", [77]))
    batches = [(shard, decode(value)) for shard, value in run.encode(0, 4, 5_000)]
    assert all(isinstance(batch, CommandBatch) for _, batch in batches)
    said = [(shard, [(one.account, one.command_id) for one in b.commands]) for shard, b in batches]
    assert [(0, [(8, "run1")]), (1, [(7, "run0"), (9, "run2"), (11, "run3")])] == said
    order, *_, cancel = batches[1][1].commands
    assert (TimeInForce.IOC, Side.SELL, 100, 20) == (
        *(order.time_in_force, order.side, order.price, order.size),
    )
    assert 77 == cancel.order_id
    assert {5_000} == {one.valid_until_ms for _, batch in batches for one in batch.commands}


def test_no_rows_are_taken_in_as_none(make: MakeRun) -> None:
    """A table and cancels without rows."""
    run = make("run", [0])
    run.place(table())
    run.cancel(array("q"), array("q"))
    run.place(table(7))
    ((_, value),) = run.encode(0, 1, 5_000)
    assert ["run0"] == [one.command_id for one in decode(value).commands]


def test_a_repeat_is_the_same_command(make: MakeRun) -> None:
    """Its valid_until included; what was answered is not repeated, what is new is sent."""
    run = sent(make, 2)
    run.take([record(received(0, 40), first=11)], 1)
    run.place(table(7))
    ((_, value),) = run.encode(0, 3, 9_000)
    commands = [(one.command_id, one.valid_until_ms) for one in decode(value).commands]
    assert [("run1", 5_000), ("run2", 9_000)] == commands


def test_an_order_is_answered_then_settled(make: MakeRun) -> None:
    """Resting, done and refused; times and reasons are those of the end."""
    run = sent(make, 4)
    assert (3, 1, 0) == run.take(
        [record(received(0, 40), received(1, 41), rejected(2), first=11)], 100
    )
    assert [RowState.RECEIVED, RowState.RECEIVED, RowState.REJECTED, RowState.UNANSWERED] == (
        states(run, 4)
    )
    ended = Done(7, 41, Outcome.CANCELLED, Reason.POST_ONLY_WOULD_TAKE, 0, 20)
    assert (3, 3, 0) == run.take([record(Opened(7, 40, 20), ended, first=14)], 200)
    columns = run.outcomes(0, 4)
    assert bytes([3, 4, 5, 1]) == columns[0]
    reasons = [list(Reason)[at] for at in columns[1]]
    assert [Reason.NONE, Reason.POST_ONLY_WOULD_TAKE, Reason.INSUFFICIENT_FUNDS, Reason.NONE] == (
        reasons
    )
    assert [40, 41, 0, 0] == list(array("q", columns[2]))
    assert [200, 200, 100, 0] == list(array("q", columns[3]))


def test_what_another_line_says_again_changes_nothing(make: MakeRun) -> None:
    """Nor what a ledger that was restarted does, in records cut otherwise."""
    run = sent(make, 2)
    first = record(received(0, 40), Opened(7, 40, 20), first=11)
    assert (1, 1, 0) == run.take([first, first], 1)
    assert (1, 1, 0) == run.take([record(Opened(7, 99, 1), first=3)], 1)
    again = record(received(0, 40), Opened(7, 40, 20), received(1, 41), first=11)
    assert (2, 1, 0) == run.take([again], 2)


def test_a_line_that_is_behind_is_no_gap(make: MakeRun) -> None:
    """A bulk joins at a number: a slower line's old events come before the newest ones."""
    run = sent(make, 1)
    assert (0, 0, 0) == run.take([record(Opened(7, 1, 1), first=5)], 1)
    assert (1, 0, 0) == run.take([record(received(0, 40), first=11)], 1)


def test_a_number_that_never_came_is_counted(make: MakeRun) -> None:
    """The events behind it count all the same."""
    run = sent(make, 1)
    assert (1, 0, 1) == run.take([record(received(0, 40), first=13)], 1)
    assert (1, 0, 1) == run.take([record(Opened(7, 2, 1), first=12)], 1)


def test_a_cancel_that_took_effect_is_settled(make: MakeRun) -> None:
    """It has no order of its own."""
    run = make("run", [10])
    run.cancel(array("q", [7]), array("q", [40]))
    run.encode(0, 1, 5_000)
    run.take([record(Accepted(7, "run0", 40, 1, repeated=False), first=11)], 1)
    assert (bytes([RowState.SETTLED]), [0]) == (
        run.outcomes(0, 1)[0],
        list(array("q", run.outcomes(0, 1)[2])),
    )


def test_other_ids_are_not_heard(make: MakeRun) -> None:
    """Of other prefixes, of digits that are none, of rows that are not there."""
    run = sent(make, 2)
    ids = ("other0", "run-", "run2", "runZZZZZZZZZZZZ", "ru")
    events = [RECEIVED._replace(command_id=one, order_id=at) for at, one in enumerate(ids)]
    assert (0, 0, 0) == run.take([record(*events, first=11)], 1)


def test_the_first_that_waits(make: MakeRun) -> None:
    """By how far it should be; the end when none does."""
    run = sent(make, 3)
    run.take([record(received(0, 40), rejected(1), first=11)], 1)
    assert 0 == run.waiting(0, 3, RowState.SETTLED)
    assert 2 == run.waiting(1, 3, RowState.SETTLED)
    assert 2 == run.waiting(0, 3, RowState.RECEIVED)
    assert 2 == run.waiting(0, 2, RowState.RECEIVED)


def test_what_is_forgotten_is_not_heard_and_not_sent(make: MakeRun) -> None:
    """It says how many were under way; indexes go on, from the middle or the beginning."""
    run = sent(make, 4)
    run.place(table(7))
    run.take([record(received(0, 40), received(1, 41), first=11)], 1)
    assert 1 == run.forget(1, 3)
    assert [RowState.RECEIVED, RowState.FORGOTTEN, RowState.FORGOTTEN, RowState.UNANSWERED] == (
        states(run, 4)
    )
    assert 1 == run.forget(0, 5)
    assert (2, 0, 0) == run.take(
        [record(Opened(7, 40, 1), Opened(7, 41, 1), received(3, 42), first=13)], 2
    )
    assert [] == run.encode(0, 5, 6_000)
    assert 5 == run.waiting(0, 5, RowState.SETTLED)
    run.place(table(7))
    ((_, value),) = run.encode(5, 6, 6_000)
    assert ["run5"] == [one.command_id for one in decode(value).commands]
    assert [RowState.FORGOTTEN] * 5 + [RowState.UNANSWERED] == states(run, 6)


def test_a_record_of_another_stream_is_an_error(make: MakeRun) -> None:
    """So is one that is none."""
    run = sent(make, 1)
    for value in (encode(CommandBatch(b"", ())), b"rubbish"):
        with pytest.raises(Unreadable):
            run.take([Record(0, 1, 1_000, value)], 1)


def test_columns_that_make_no_table_are_refused() -> None:
    """Of different lengths, of other numbers, with a side that is none."""
    short = table(7, 8)
    short.price.pop()
    with pytest.raises(InvalidValue, match="one length"):
        short.check()
    sideways = table(7)
    sideways.side[0] = -1
    with pytest.raises(InvalidValue, match="side"):
        sideways.check()
    with pytest.raises(InvalidValue, match="array"):
        check_columns(array("i", [1]), array("q", [1]))


def test_the_native_run_is_taken_where_there_is_one() -> None:
    """Else the reference."""
    assert isinstance(new_run("run", [0]), NativeRun if native.INSTALLED else ReferenceRun)
    assert Bulk.__doc__ is not None


ROWS = 8
_rows = st.integers(0, ROWS)  # one of them is not there
_orders = st.integers(1, 6)
_events = st.one_of(
    st.builds(received, _rows, _orders, repeated=st.booleans()),
    st.builds(rejected, _rows),
    st.builds(lambda row: Accepted(7, f"run{row}", 40, 1, repeated=False), _rows),
    st.builds(lambda order: Opened(7, order, 5), _orders),
    st.builds(lambda order: Done(7, order, Outcome.FILLED, Reason.NONE, 20, 0), _orders),
    st.builds(lambda order: Filled(7, order, 1, Side.BUY, 3, 100, 5, 1, Liquidity.TAKER), _orders),
)
_ranges = st.tuples(_rows, _rows).map(lambda ends: (min(ends), max(ends)))
# What is done with a run: records whose numbers are next, old, or too new; sends; forgetting.
_steps = st.one_of(
    st.tuples(st.just("take"), st.lists(_events, min_size=1, max_size=5), st.integers(-4, 2)),
    st.tuples(st.just("encode"), _ranges, st.integers(1_000, 2_000)),
    st.tuples(st.just("forget"), _ranges, st.just(0)),
    st.tuples(st.just("waiting"), _ranges, st.integers(0, 6)),
)


@NATIVE
@given(st.lists(_steps, max_size=30))
def test_both_engines_say_the_same(steps: list[tuple[str, tuple[object, ...], int]]) -> None:
    """On any stream: repeats, older numbers, gaps, refusals, and rows forgotten in between."""
    runs: list[Run] = [ReferenceRun("run", [0, 10]), NativeRun("run", [0, 10])]
    for run in runs:
        run.place(table(*[7] * (ROWS - 2)))
        run.cancel(array("q", [7, 9]), array("q", [1, 2]))
    next_number = 11
    for at, (step, given_values, number) in enumerate(steps):
        if step == "take":
            first = max(1, next_number + number)
            next_number = max(next_number, first + len(given_values))
            one = record(*given_values, first=first, shard=1)  # type: ignore[arg-type]  # events
            said: list[object] = [run.take([one], at) for run in runs]
        elif step == "forget":
            said = [run.forget(*given_values) for run in runs]  # type: ignore[arg-type]  # numbers
        else:
            said = [getattr(run, step)(*given_values, number) for run in runs]
        assert said[0] == said[1], step
        assert runs[0].outcomes(0, ROWS) == runs[1].outcomes(0, ROWS)
