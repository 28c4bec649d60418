"""Book snapshots: whole ones give the book back; torn, damaged and unknown ones are not there."""

import logging
from random import Random

import pytest
from views.feeds import RULES, run

from partita.log.port import Outgoing, Record
from partita.marketdata import snapshot_records
from partita.marketdata.book_feed import BookFeed, BookStart
from partita.marketdata.recovery import recover
from partita.marketdata.snapshot_records import Place, find, latest_values, parts
from partita.marketdata.worker_core import BookPartition
from partita.schemas.enums import Side
from partita.schemas.errors import LogTruncated, SnapshotMissing

SYMBOL = RULES[0].symbol


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each order be a part."""
    monkeypatch.setattr(snapshot_records, "ORDERS_PER_PART", 1)


def starts(seed: int) -> tuple[BookStart, BookStart]:
    """Return the same book at two times, the older first."""
    matcher = run(seed, 200, Random(seed))
    partition, found = BookPartition(), list[BookStart]()
    for record in matcher.records:
        partition.apply([record])
        start = partition.books[7].start(partition.position)
        # The taker's side is not in a snapshot.
        if (last := start.last_trade) is not None:
            start = start._replace(last_trade=last._replace(taker_side=None))
        if len(start.orders) > 3 and (not found or start.number > found[-1].number):
            found.append(start)
    return found[0], found[-1]


def written(*outgoing: Outgoing) -> list[Record]:
    """Return what stands on the topic after these were sent."""
    return [Record(0, at, 1, one.value, one.key) for at, one in enumerate(outgoing)]


def test_a_book_comes_back_whole_and_goes_on() -> None:
    """Orders, queues, numbers, chain: what follows is taken as if nothing had been."""
    matcher = run(1, 200, Random(1))
    half, straight = BookPartition(), BookPartition()
    middle = len(matcher.records) // 2
    half.apply(matcher.records[:middle])
    straight.apply(matcher.records)
    records = written(*parts(half.books[7].start(middle), 0))
    start = find(latest_values(records), SYMBOL).newest
    assert start is not None
    again = BookPartition([start], start.offset)
    again.apply(matcher.records[middle:])
    expected, got = straight.books[7], again.books[7]
    assert expected.number == got.number
    assert expected.changes == got.changes
    assert expected.trades == got.trades
    for side in Side:
        assert expected.replica.orders(side) == got.replica.orders(side)


def test_the_newer_of_two_slots_counts_and_the_other_is_written_next() -> None:
    """Two slots take turns."""
    older, newer = starts(2)
    records = written(*parts(older, 1), *parts(newer, 0))
    found = find(latest_values(records), SYMBOL)
    assert newer == found.newest
    assert found.slot == 1


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_while_a_slot_is_written_the_other_counts(keep: int) -> None:
    """A worker that was killed between two parts leaves the older snapshot."""
    older, newer = starts(3)
    records = written(*parts(older, 0), *list(parts(newer, 1))[:keep])
    assert older == find(latest_values(records), SYMBOL).newest


def test_parts_of_two_numbers_are_no_snapshot() -> None:
    """A slot that was half overwritten is torn."""
    older, newer = starts(4)
    records = written(*parts(older, 0), *list(parts(newer, 0))[:1])
    assert find(latest_values(records), SYMBOL).newest is None


@pytest.mark.parametrize("value", [b"rubbish", b"\xc3\x01" + bytes(40)])
def test_a_damaged_or_unknown_part_lets_the_other_slot_count(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A newer build's snapshot is as good as none."""
    older, newer = starts(5)
    records = written(*parts(older, 0), *parts(newer, 1), Outgoing("", 0, _key(1, 0), value))
    with caplog.at_level(logging.WARNING, "partita.marketdata"):
        assert older == find(latest_values(records), SYMBOL).newest
    assert "passed over" in caplog.text


def _key(slot: int, part: int) -> bytes:
    return Place(SYMBOL, slot, part).key


def test_what_is_no_book_lets_the_other_slot_count(caplog: pytest.LogCaptureFixture) -> None:
    """A crossed book was never one."""
    older, newer = starts(6)
    crossed = newer.orders[0]._replace(side=Side.SELL, price=1, order_id=99_999)
    broken = newer._replace(orders=(*newer.orders, crossed))
    records = written(*parts(older, 0), *parts(broken, 1))
    with caplog.at_level(logging.WARNING, "partita.marketdata"):
        assert older == find(latest_values(records), SYMBOL).newest
    assert "not a book" in caplog.text


def test_parts_of_a_larger_book_are_removed_behind_a_smaller_one() -> None:
    """Nothing old stays for ever."""
    _, newer = starts(7)
    small = newer._replace(orders=newer.orders[:1], number=newer.number + 1)
    large = list(parts(newer, 0))
    records = written(*large, *parts(small, 0, len(large)))
    assert set(latest_values(records)) == {Place(SYMBOL, 0, 0)}
    assert small == find(latest_values(records), SYMBOL).newest


def test_an_empty_book_has_a_snapshot_too() -> None:
    """One part, without orders."""
    start = BookFeed(RULES[0]).start(5)._replace(number=1)
    assert start == find(latest_values(written(*parts(start, 0))), SYMBOL).newest


def test_a_start_reads_from_the_lowest_offset_of_all_books() -> None:
    """Each book drops what it knows."""
    older, newer = starts(8)
    other = older._replace(instrument=RULES[1], offset=3)
    records = written(*parts(newer, 0), *parts(other, 0))
    recovered = recover(0, records, (0, 1_000))
    assert recovered.offset == 3
    assert len(recovered.starts) == 2


def test_a_symbol_without_a_whole_snapshot_lets_all_be_read_again() -> None:
    """The other book keeps its snapshot, and drops what it knows."""
    _, newer = starts(9)
    torn = list(parts(newer._replace(instrument=RULES[1]), 0))[:1]
    recovered = recover(0, written(*parts(newer, 0), *torn), (0, 1_000))
    assert recovered.offset == 0
    assert [newer] == recovered.starts


def test_a_partition_whose_beginning_is_gone_needs_snapshots() -> None:
    """Without one it is refused, with one it is read from there."""
    _, newer = starts(10)
    with pytest.raises(SnapshotMissing, match="starts at offset 5"):
        recover(0, [], (5, 1_000))
    recovered = recover(0, written(*parts(newer, 0)), (newer.offset, 1_000))
    assert newer.offset == recovered.offset


def test_a_log_that_ends_before_its_snapshot_is_refused() -> None:
    """Records were lost, or the topic was made anew."""
    _, newer = starts(11)
    with pytest.raises(LogTruncated, match=SYMBOL):
        recover(0, written(*parts(newer, 0)), (0, newer.offset - 1))
