"""Operators who come at the same time, operators who are gone half-way, books that are silent."""

import os
import signal
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from terminals.operated import PATIENCE_S, SELLER, funded, interrupted, tell, told
from terminals.terminal import Terminal

from partita.deploy.announced import announced_before, snapshot_rules
from partita.deploy.exchange import Exchange
from partita.deploy.instruments import changed, new_instruments, next_version
from partita.deploy.listing import claim, clients_topic, tell_clients
from partita.deploy.rules_apply import Applied, add_instruments
from partita.deploy.rules_change import RulesChange
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.enums import InstrumentStatus, Line
from partita.schemas.feed import FeedBatch, FeedGroup
from partita.schemas.instrument import Instrument
from partita.schemas.listing import VOID_VERSION
from partita.schemas.topics import BOOK

pytestmark = pytest.mark.kafka

COLUMNS = {
    "tick": "0.01",
    "lot": "0.001",
    "min_size": "0.001",
    "max_size": "10",
    "max_price": "1000",
    "maker_fee": "0",
    "taker_fee": "0.001",
    "base_decimals": "6",
    "quote_decimals": "6",
}


def test_of_two_changes_at_once_the_book_takes_the_first(venue: Exchange) -> None:
    """Both read the same rules and write the same version; the second hears what is in force."""
    symbol = "RACE-USD"
    with RulesChange(venue.bootstrap) as first, RulesChange(venue.bootstrap) as second:
        cheap = changed(first.listed[symbol], {"taker_fee": "0.0001"})
        dear = changed(second.listed[symbol], {"taker_fee": "0.03"})
        first.write([cheap])
        second.write([dear])
        ours, theirs = first.settle(PATIENCE_S), second.settle(PATIENCE_S)
        assert ((cheap,), ()) == (ours.taken, ours.overtaken)
        assert ((), (cheap,)) == (theirs.taken, theirs.overtaken)
        second.tell(theirs.overtaken)
        first.tell(ours.taken)
    assert cheap == told(venue.bootstrap, symbol)


def test_what_a_matcher_repeats_is_no_answer(venue: Exchange) -> None:
    """One that starts again says all it has said; older rules are not those that were written."""
    symbol = "SAME-USD"
    with RulesChange(venue.bootstrap) as change:
        old = change.listed[symbol]
        group = FeedGroup(old.instrument_id, 1, 0, 1_000, (old._replace(version=1),))
        sender = Sender(venue.bootstrap)
        repeat = encode(FeedBatch(b"", Line.A, (group,)))
        sender.send(Outgoing(BOOK, old.partition, None, repeat))
        sender.flush(PATIENCE_S)
        new = changed(old, {"max_price": "77"})
        change.write([new])
        settled = change.settle(PATIENCE_S)
        assert ((new,), ()) == (settled.taken, settled.overtaken)
        change.tell(settled.taken)


def test_a_change_that_was_overtaken_has_no_effect_and_says_so(operator: Terminal) -> None:
    """Exit code 3, the rules in force are shown, and clients are told of them."""
    symbol = "LOST-USD"
    theirs = changed(told(operator.bootstrap, symbol), {"max_size": "77"})
    interrupted(operator.bootstrap, theirs)  # the book has it, clients do not know

    ended = operator.type(f"instruments set {symbol} --taker-fee 0.03 --json")

    assert 3 == ended.code
    assert "another change came first" in ended.err
    assert f"{symbol} (version {theirs.version})" in ended.err
    (now,) = ended.json
    assert ("77.0000", "0.2000", False) == (
        now["max_size"],
        now["taker_fee_percent"],
        now["changed"],
    )
    assert theirs == told(operator.bootstrap, symbol)
    (again,) = operator.json(f"instruments set {symbol} --taker-fee 0.03")
    assert ("77.0000", "3.0000", theirs.version + 1) == (
        again["max_size"],
        again["taker_fee_percent"],
        again["version"],
    )


def test_a_halt_that_was_interrupted_is_done_by_doing_it_again(operator: Terminal) -> None:
    """The book has it already, and says nothing; what it said before is found."""
    symbol = "STOP-USD"
    rules = told(operator.bootstrap, symbol)
    halted = next_version(rules, rules._replace(status=InstrumentStatus.HALTED))
    interrupted(operator.bootstrap, halted)

    (now,) = operator.json(f"instruments halt {symbol}")

    assert ("halted", True) == (now["status"], now["changed"])
    assert halted == told(operator.bootstrap, symbol)
    operator.json(f"instruments resume {symbol}")


def test_nothing_to_change_is_not_believed_of_a_book_that_is_ahead(operator: Terminal) -> None:
    """Clients are told that it trades, the book is halted: resuming resumes."""
    symbol = funded(operator, "KEPT")
    rules = told(operator.bootstrap, symbol)
    halted = next_version(rules, rules._replace(status=InstrumentStatus.HALTED))
    interrupted(operator.bootstrap, halted)
    assert "not_trading" in operator.type(f"place {SELLER} sell {symbol} 1 --price 5").err

    (now,) = operator.json(f"instruments resume {symbol}")

    assert ("trading", halted.version + 1) == (now["status"], now["version"])
    order = operator.json(f"place {SELLER} sell {symbol} 1 --price 5")
    operator.json(f"cancel {SELLER} {order['order_id']}")


def test_what_a_book_stands_on_is_known_without_its_history(
    venue: Exchange, operator: Terminal
) -> None:
    """The newest snapshot has its rules, so reading starts there, however long ago they changed."""
    symbol = funded(operator, "SNAP")
    before = told(venue.bootstrap, symbol)
    ahead = changed(before, {"taker_fee": "0.0003"})
    interrupted(venue.bootstrap, ahead)
    deadline_s = time.monotonic() + PATIENCE_S
    while {symbol: ahead} != {
        name: rules
        for name, (rules, _) in snapshot_rules(venue.bootstrap, ahead.partition, [symbol]).items()
    }:
        assert time.monotonic() < deadline_s, "no snapshot was taken"
        order = operator.json(f"place {SELLER} sell {symbol} 1 --price 5")
        operator.json(f"cancel {SELLER} {order['order_id']}")

    nothing = {ahead.partition: 0}  # of the history
    past = announced_before(venue.bootstrap, nothing, {symbol: 0}, deadline_s)

    assert {symbol: ahead} == past.newest
    assert 3 == operator.type(f"instruments set {symbol} --max-price 3").code
    assert ahead == told(venue.bootstrap, symbol)


def test_a_silent_book_leaves_the_outcome_unknown(venue: Exchange, operator: Terminal) -> None:
    """Exit code 4 after a bounded time; done again it is in force, once."""
    symbol = "SLOW-USD"
    before = told(venue.bootstrap, symbol)
    (matcher,) = (state.pid for state in venue.states() if state.name.startswith("matchers"))
    assert matcher is not None
    os.kill(matcher, signal.SIGSTOP)
    try:
        ended = operator.type(f"instruments set {symbol} --max-price 9 --wait 1")
    finally:
        os.kill(matcher, signal.SIGCONT)
    assert (4, "") == (ended.code, ended.out)
    assert f"{symbol}: the book has not answered within 1 s" in ended.err
    assert before == told(venue.bootstrap, symbol)

    (now,) = operator.json(f"instruments set {symbol} --max-price 9")

    assert ("9.00", before.version + 1) == (now["max_price"], now["version"])


def added(bootstrap: str, base: str) -> Applied:
    """List a symbol as an operator of one's own."""
    symbol = f"{base}-USD"
    row = {"symbol": symbol, **COLUMNS}
    return add_instruments(
        bootstrap,
        [symbol],
        lambda partitions, listed: new_instruments([("", row)], partitions, listed),
        PATIENCE_S,
    )


def test_operators_who_list_at_the_same_time_get_a_number_each(operator: Terminal) -> None:
    """Each symbol and each asset has its own, and each can be traded."""
    bases = ("RUNA", "RUNB", "RUNC", "RUND")
    with ThreadPoolExecutor(len(bases)) as pool:
        all_applied = list(pool.map(lambda base: added(operator.bootstrap, base), bases))

    listed = [rules for applied in all_applied for rules in applied.in_force]
    assert [f"{base}-USD" for base in bases] == [rules.symbol for rules in listed]
    assert [()] * len(bases) == [applied.errors for applied in all_applied]
    assert len(bases) == len({rules.instrument_id for rules in listed})
    assert len(bases) == len({rules.base_asset_id for rules in listed})
    for base in bases:
        symbol = funded(operator, base)
        assert "open" == operator.json(f"place {SELLER} sell {symbol} 1 --price 5")["state"]


def test_a_number_that_another_was_faster_with_is_left_to_it(venue: Exchange) -> None:
    """Between the look at the topic and the writing: the later record is void, and renumbered."""
    rows = [("", {"symbol": f"{base}-USD", **COLUMNS}) for base in ("FAST", "LATE")]
    calls = []

    def make(listed: Mapping[str, Instrument]) -> list[Instrument]:
        calls.append(listed)
        (ours,) = new_instruments(rows[1:], 2, listed)
        if len(calls) == 1:
            tell(venue.bootstrap, *new_instruments(rows[:1], 2, listed))
        return [] if ours.symbol in listed else [ours]

    listed = claim(venue.bootstrap, Sender(venue.bootstrap), make)

    fast, late = listed["FAST-USD"], listed["LATE-USD"]
    assert 2 == len(calls)
    assert (fast.instrument_id + 1, fast.base_asset_id + 1) == (
        late.instrument_id,
        late.base_asset_id,
    )
    assert late == clients_topic(venue.bootstrap).last["LATE-USD"]


def test_the_last_record_of_a_symbol_is_made_the_one_that_counts(venue: Exchange) -> None:
    """Compaction would keep an older version behind it, and a void record beside it."""
    symbol = "TOLD-USD"
    first = told(venue.bootstrap, symbol)
    second = first._replace(version=first.version + 1)
    void = first._replace(symbol="VOID-USD", base_asset="VOID", base_asset_id=900)
    interrupted(venue.bootstrap, second)
    tell(venue.bootstrap, second, first, void)
    before = clients_topic(venue.bootstrap)
    assert (second, first) == (before.instruments[symbol], before.last[symbol])
    assert "VOID-USD" not in before.instruments

    tell_clients(venue.bootstrap, Sender(venue.bootstrap), ())

    after = clients_topic(venue.bootstrap)
    assert after.last[symbol] == after.instruments[symbol] == second
    assert void._replace(version=VOID_VERSION) == after.last["VOID-USD"]
    assert "VOID-USD" not in after.instruments
