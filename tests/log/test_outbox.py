"""The outbox: how events become records of a bounded size."""

from hypothesis import given, settings
from hypothesis import strategies as st
from log_machines.machines import STREAM

from partita.ledger.streams import account_events
from partita.log.edges import InEdge, OutEdge, Verdict
from partita.log.outbox import Outbox, Stream
from partita.schemas import chain
from partita.schemas.accounts import Rejected
from partita.schemas.codec import decode
from partita.schemas.enums import Line, Outcome
from partita.schemas.feed import Done, FeedBatch, FeedGroup
from partita.schemas.limits import BATCH_EVENTS_MAX, RECORD_BYTES_MAX
from partita.schemas.orders import CancelOrder
from partita.schemas.reasons import Reason

FEED = Stream("book", 0, chain.FEED, FeedGroup, lambda groups: FeedBatch(b"", Line.A, groups))


def test_a_batch_that_would_be_too_large_is_split_and_the_numbers_go_on() -> None:
    """More events than a batch may hold become several records, each with its own chain."""
    outbox, edge = Outbox(), OutEdge()
    events = [CancelOrder(1 << 60, n, 1 << 60) for n in range(2 * BATCH_EVENTS_MAX + 5)]
    for event in events:
        outbox.put(STREAM, 3, 1, edge, event)

    records = outbox.take()

    assert [(r.topic, r.partition) for r in records] == [("out", 3)] * 3
    counts = [sum(len(group.events) for group in decode(r.value).groups) for r in records]
    assert counts == [BATCH_EVENTS_MAX, BATCH_EVENTS_MAX, 5]
    assert all(len(r.value) <= RECORD_BYTES_MAX for r in records)
    taken: list[CancelOrder] = []
    receiver = InEdge()
    for record in records:
        for group in decode(record.value).groups:
            verdict, new = receiver.take(chain.ORDERS, group.first, group.chain, group.events)
            assert verdict is Verdict.TAKEN
            taken += new
    assert events == taken


def test_a_batch_is_filled_in_the_order_of_putting_whichever_edges_it_has() -> None:
    """Where a stream is cut follows from what was put alone, so every engine cuts there."""
    outbox, edges = Outbox(), {1: OutEdge(), 2: OutEdge()}
    for at in range(BATCH_EVENTS_MAX + 3):
        edge_id = 1 if at < BATCH_EVENTS_MAX - 1 else 2
        outbox.put(STREAM, 0, edge_id, edges[edge_id], CancelOrder(at, 0, 0))

    first, second = (decode(record.value).groups for record in outbox.take())

    assert [(g.instrument_id, len(g.events)) for g in first] == [(1, BATCH_EVENTS_MAX - 1), (2, 1)]
    assert [(g.instrument_id, g.first, len(g.events)) for g in second] == [(2, 2, 3)]


def test_a_record_that_is_too_large_all_the_same_is_halved() -> None:
    """Texts have no bound that the count of events could guard."""
    outbox, edge = Outbox(), OutEdge()
    events = [Rejected(n, "é" * 100, Reason.INVALID_ID, 0, False) for n in range(BATCH_EVENTS_MAX)]
    for event in events:
        outbox.put(account_events(0, Line.A), 0, 0, edge, event)

    records = outbox.take()

    assert len(records) == 2
    groups = [group for record in records for group in decode(record.value).groups]
    assert events == [event for group in groups for event in group.events]


def test_nothing_put_is_nothing_sent() -> None:
    """No empty batches."""
    outbox = Outbox()

    assert outbox.take() == []
    outbox.begin()
    outbox.put(STREAM, 0, 1, OutEdge(), CancelOrder(1, 1, 1))
    outbox.roll_back()
    assert outbox.take() == []


def test_only_what_the_last_record_put_is_rolled_back() -> None:
    """What came before it stays."""
    outbox, edge = Outbox(), OutEdge()
    outbox.begin()
    outbox.put(STREAM, 0, 1, edge, CancelOrder(1, 1, 1))
    outbox.begin()
    outbox.put(STREAM, 0, 1, edge, CancelOrder(2, 2, 2))
    outbox.roll_back()

    (record,) = outbox.take()
    (group,) = decode(record.value).groups
    assert (CancelOrder(1, 1, 1),) == group.events


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=30))
@settings(deadline=None)
def test_a_group_has_one_time_and_times_stay_in_order(steps: list[tuple[int, int]]) -> None:
    """Events of several edges and times: each edge's events come out in order with their time."""
    outbox, edges, time_ms = Outbox(), {n: OutEdge() for n in (1, 2, 3)}, 0
    put: list[tuple[int, int, int]] = []
    for at, (edge_id, step) in enumerate(steps):
        time_ms += step // 2
        outbox.put(FEED, 0, edge_id, edges[edge_id], Done(at, Outcome.FILLED, 0), time_ms)
        put.append((edge_id, time_ms, at))

    got = [
        (group.instrument_id, group.time_ms, event.order_id)
        for record in outbox.take()
        for group in decode(record.value).groups
        for event in group.events
    ]

    assert {n: [p for p in put if p[0] == n] for n in edges} == {
        n: [g for g in got if g[0] == n] for n in edges
    }


def test_two_senders_to_one_partition_keep_their_own_batches() -> None:
    """Two shards of one worker speak to the same book: their edges have the same name there."""
    outbox, edges = Outbox(), (OutEdge(), OutEdge())
    streams = (STREAM, STREAM._replace(sender=1))
    for at in range(4):
        outbox.put(streams[at % 2], 0, 1, edges[at % 2], CancelOrder(at, 0, 0))

    got = [decode(record.value).groups for record in outbox.take()]

    assert [[e.order_id for e in group.events] for (group,) in got] == [[0, 2], [1, 3]]
