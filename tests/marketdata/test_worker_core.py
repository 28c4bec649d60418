"""The market-data worker without a log: the same derived events, however it is run."""

import logging
from random import Random

import pytest
from books.make import INSTRUMENT
from hypothesis import given, settings
from hypothesis import strategies as st
from views.derived import derived
from views.feeds import RULES, chunks, copies, run
from views.station import Station

from partita.log.port import Outgoing, Record
from partita.marketdata.level_replica import LevelReplica
from partita.marketdata.snapshot_turns import SnapshotTurns, Way
from partita.marketdata.worker_core import BookPartition
from partita.schemas.chain import FEED
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, Outcome, Side
from partita.schemas.errors import UnknownFingerprint
from partita.schemas.feed import Done, FeedBatch, FeedGroup, Traded
from partita.schemas.market_data import DepthBatch


def test_trades_and_changes_are_numbered_without_gaps_and_are_the_books() -> None:
    """Each trade of the feed has its record; every number stands once, from 1 on."""
    matcher = run(1, 300, Random(1))
    found = derived(BookPartition().apply(matcher.records))
    for rules in RULES:
        number = rules.instrument_id
        trades = [at for of, at in found.trades if of == number]
        changes = [at for of, at in found.changes if of == number]
        assert trades == list(range(1, matcher.book(number).last_trade[0] + 1))
        assert changes == list(range(1, len(changes) + 1))
        assert trades
    for (number, trade_id), trade in found.trades.items():
        event = _event(matcher.records, number, trade.number)
        expected = (trade_id, trade.taker_side, trade.price, trade.size)
        assert expected == (event.trade_id, event.taker_side, event.price, event.size)


def _event(records: list[Record], instrument_id: int, number: int) -> Traded:
    for record in records:
        for group in decode(record.value).groups:
            at = number - group.first
            if group.instrument_id == instrument_id and 0 <= at < len(group.events):
                event = group.events[at]
                assert isinstance(event, Traded)
                return event
    raise AssertionError("there is no such event")


@settings(deadline=None)  # as above
@given(st.integers(0, 1_000), st.randoms(use_true_random=False))
def test_batches_lines_repeats_and_polls_make_no_difference(seed: int, random: Random) -> None:
    """Two lines that cut and repeat as they like, read in any portions, give the same."""
    expected = derived(BookPartition().apply(run(seed, 40, Random(0)).records))
    lines = {line: run(seed, 40, random).records for line in Line}
    partition = BookPartition()
    records = copies(lines, random)
    told = [one for chunk in chunks(records, random) for one in partition.apply(chunk)]
    assert expected == derived(told)


@settings(deadline=None)  # a start reads all again: the machine may be busy
@given(st.integers(0, 1 << 32))
def test_kills_at_any_time_leave_the_same_topics(seed: int) -> None:
    """What arrived of many runs, each killed with records under way, is what one run says.

    Whatever stands on book-snapshots had its outputs acknowledged before: the station checks it.
    """
    random = Random(seed)
    matcher = run(seed, 60, random)
    station = Station(matcher.records, random)
    for _ in range(random.randrange(20)):
        station.live(random.randint(1, 40))
        station.kill()
    station.finish()
    expected = derived(BookPartition().apply(matcher.records))
    assert expected == derived(station.arrived)


def test_a_start_does_not_read_what_snapshots_cover() -> None:
    """Where all books have one it goes on from the lowest of them."""
    random = Random(3)
    matcher = run(3, 200, random)
    station = Station(matcher.records, random)
    station.finish()
    station.kill()
    assert station.start() > 0


def test_other_books_are_written_down_while_one_waits_for_the_done_of_a_filled_order() -> None:
    """It is missing, and may be for long; where such a book stands, none can start from."""
    records = _single_events(run(3, 200, Random(3)).records)
    halted, other = (rules.instrument_id for rules in RULES)
    partition, sent = BookPartition(), list[Outgoing]()
    clock = iter(range(1_000_000))
    way = Way(sent.append, lambda: 0, lambda _: True)
    turns = SnapshotTurns(partition, {}, way, 1.0, lambda: float(next(clock)))
    for record in records:
        (group,) = decode(record.value).groups
        stands = group.instrument_id == halted and halted in partition.books
        if stands and not partition.books[halted].replica.settled:
            continue
        partition.apply([record])
    sent.clear()
    for _ in range(100):
        turns.step()

    assert not partition.books[halted].replica.settled
    numbers = [(p.instrument.instrument_id, p.number) for p in (decode(o.value) for o in sent)]
    assert (other, partition.books[other].number) in numbers
    assert all(number == other for number, _ in numbers)


@pytest.mark.parametrize("seed", range(5))
def test_levels_from_depth_are_the_levels_of_the_orders_at_every_number(seed: int) -> None:
    """The L2 replica has, after the changes of each feed event, what the L3 replica has."""
    matcher = run(seed, 600, Random(seed))
    partition = BookPartition()
    levels = {rules.instrument_id: LevelReplica() for rules in RULES}
    compared = 0
    for record in _single_events(matcher.records):
        for outgoing in partition.apply([record]):
            message = decode(outgoing.value)
            if isinstance(message, DepthBatch):
                levels[message.instrument_id].take(message)
        for number, book in partition.books.items():
            for side in Side:
                expected = book.replica.depth(side, 1_000)
                assert expected == levels[number].depth(side, 1_000)
            assert levels[number].number <= book.number
            compared += 1
    assert compared > 1_000


def _single_events(records: list[Record]) -> list[Record]:
    """Return the same feed with a record for each event."""
    found = list[Record]()
    for record in records:
        batch = decode(record.value)
        for group in batch.groups:
            for at in range(len(group.events)):
                one = _part(group, at)
                value = encode(FeedBatch(b"", batch.line, (one,)))
                found.append(Record(0, len(found), 1, value))
    return found


def _part(group: FeedGroup, at: int) -> FeedGroup:
    chain = FEED.roll(group.chain, group.events[:at], group.time_ms)
    return group._replace(first=group.first + at, chain=chain, events=group.events[at : at + 1])


def test_what_is_no_batch_is_passed_over_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """Rubbish between good records changes nothing."""
    matcher = run(4, 50, Random(4))
    rubbish = [
        bad
        for record in matcher.records
        for bad in (record, record._replace(value=b"rubbish"), record._replace(value=b""))
    ]
    records = [record._replace(offset=at) for at, record in enumerate(rubbish)]
    with caplog.at_level(logging.WARNING, "partita.marketdata"):
        told = BookPartition().apply(records)
    assert derived(BookPartition().apply(matcher.records)) == derived(told)
    assert "book/0@1 passed over" in caplog.text


def test_a_newer_build_stops_the_worker() -> None:
    """What it cannot read it does not guess at."""
    value = encode(FeedBatch(b"", Line.A, (FeedGroup(7, 1, 0, 1, (INSTRUMENT,)),)))
    with pytest.raises(UnknownFingerprint):
        BookPartition().apply([Record(0, 0, 1, value[:2] + bytes(8) + value[10:])])


def test_a_book_that_was_never_listed_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """A feed without its beginning builds nothing."""
    matcher = run(5, 50, Random(5))
    with caplog.at_level(logging.WARNING, "partita.marketdata"):
        assert BookPartition().apply(matcher.records[1:]) == []
    assert caplog.text.count("never listed") == len(RULES)


def test_a_feed_that_contradicts_itself_is_set_aside_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One book whose matcher has lost its mind takes nobody else's market data with it."""
    matcher = run(2, 200, Random(3))
    half = len(matcher.records) // 2
    mad, sane = RULES[0].instrument_id, RULES[1].instrument_id
    partition, whole = BookPartition(), BookPartition()
    partition.apply(matcher.records[:half])
    edge = partition.books[mad].start(0)
    group = FeedGroup(mad, edge.number + 1, edge.chain, 1, (Done(10**9, Outcome.FILLED, 0),))
    value = encode(FeedBatch(b"", Line.A, (group,)))
    whole.apply(matcher.records)

    partition.apply([Record(0, half, 1, value, None)])
    rest = derived(partition.apply(matcher.records[half:]))

    assert {sane} == set(partition.books)
    assert whole.books[sane].number == partition.books[sane].number
    assert {sane} == {of for of, _ in rest.changes}
    assert 1 == caplog.text.count("contradicts itself")
