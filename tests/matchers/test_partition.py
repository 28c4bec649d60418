"""The books of a partition: what they take from the log, and what they refuse."""

from collections.abc import Callable

import pytest
from books.make import INSTRUMENT

from partita.log.edges import Verdict
from partita.log.outbox import Outbox
from partita.matchers.partition import BookPartition
from partita.matchers.reference import ReferenceBook
from partita.schemas.chain import ORDERS as ORDERS_CHAIN
from partita.schemas.codec import decode
from partita.schemas.commands import CommandBatch
from partita.schemas.converter import Message
from partita.schemas.enums import (
    InstrumentStatus,
    Line,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.errors import Undecodable
from partita.schemas.feed import Ticker
from partita.schemas.instrument import Instrument
from partita.schemas.orders import NewOrder, OrderBatch, OrderGroup

RULES = INSTRUMENT._replace(
    partition=1,
    base_decimals=0,
    tick=INSTRUMENT.notional_unit,
    lot=1,
    max_size=1 << 62,
)


def books() -> BookPartition:
    """Return a partition with one book."""
    partition = BookPartition(1, 2, Line.A, ReferenceBook)
    partition.take(RULES, 0, 1_000, Outbox())
    return partition


def selling(number: int, size: int) -> NewOrder:
    """Return an order to sell at one price."""
    return NewOrder(
        number, number, Side.SELL, OrderType.LIMIT, TimeInForce.GTC, 5, size, 0, False,
        SelfTrade.DC, 0, 0, 0,
    )  # fmt: skip


def batch(shard: int, instrument_id: int, *events: NewOrder) -> OrderBatch:
    """Return the first events of an edge."""
    return OrderBatch(b"", Line.A, shard, (OrderGroup(instrument_id, 1, 0, events),))


def hashes(partition: BookPartition) -> dict[str, bytes]:
    """Return the state hash of each book."""
    return {name: book.state_hash() for name, book in partition.machines().items()}


CHANGES: list[Callable[[Instrument], Instrument]] = [
    lambda rules: rules._replace(tick=2 * rules.tick, notional_unit=2 * rules.notional_unit),
    lambda rules: rules._replace(notional_unit=rules.notional_unit + 1),
    lambda rules: rules._replace(partition=0),
    lambda rules: rules._replace(base_asset_id=77),
    lambda rules: rules._replace(symbol="OTHER"),
    lambda rules: rules._replace(taker_fee_ppm=-1),
    lambda rules: rules._replace(max_price=1 << 63),
    lambda rules: rules._replace(quote_decimals=11),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_rules_that_none_can_live_by_are_refused_and_change_nothing(
    change: Callable[[Instrument], Instrument],
) -> None:
    """One bad record must not stop a book, nor a shard that would hear of it."""
    partition = books()
    before = hashes(partition)

    with pytest.raises(Undecodable):
        partition.take(change(RULES)._replace(version=2), 0, 2_000, Outbox())

    assert before == hashes(partition)


def test_newer_rules_are_taken_once_and_told_to_every_shard_and_everyone() -> None:
    """A halt is passed on; the same version again is not."""
    partition, outbox = books(), Outbox()
    halted = RULES._replace(version=2, status=InstrumentStatus.HALTED)

    partition.take(halted, 0, 2_000, outbox)
    partition.take(halted, 0, 2_000, outbox)

    said = [(r.topic, r.partition, decode(r.value).groups[0].events) for r in outbox.take()]
    assert [
        ("account-commands", 0, (halted,)),
        ("account-commands", 1, (halted,)),
        ("book", 1, (halted,)),
    ] == said


@pytest.mark.parametrize(
    "message",
    [
        batch(2, RULES.instrument_id, selling(1, 1)),
        batch(-1, RULES.instrument_id, selling(1, 1)),
        batch(0, 999, selling(1, 1)),
        CommandBatch(b"", ()),
    ],
    ids=["no such shard", "negative shard", "no such book", "another topic's"],
)
def test_what_no_shard_could_say_is_refused_and_changes_nothing(message: Message) -> None:
    """It goes to the dead letters; the partition goes on."""
    partition = books()
    before = hashes(partition)

    with pytest.raises(Undecodable):
        partition.take(message, 0, 2_000, Outbox())

    assert before == hashes(partition)


def test_a_level_larger_than_a_ticker_can_say_is_said_as_the_most_it_can() -> None:
    """The sizes of a level have no bound together; a ticker must never stop a matcher."""
    partition = books()
    orders = [selling(number, 1 << 62) for number in (2, 4, 6)]
    partition.take(batch(0, RULES.instrument_id, *orders), 0, 2_000, Outbox())

    (outgoing,) = partition.latest()

    ticker = decode(outgoing.value)
    assert isinstance(ticker, Ticker)
    assert (5, (1 << 63) - 1) == (ticker.ask, ticker.ask_size)
    assert [] == partition.latest()


def test_a_symbol_is_listed_under_one_number() -> None:
    """A second number for it would be a second book of one name, of which one snapshot remains."""
    partition = books()

    with pytest.raises(Undecodable, match="another number"):
        partition.take(RULES._replace(instrument_id=77), 7, 2_000, Outbox())


def test_what_is_passed_counts_as_taken_and_does_nothing() -> None:
    """So its edge does not wait for it; nor does that of another book in the same batch."""
    partition = books()
    orders = [selling(1, 5), selling(2, 5)]
    outbox = Outbox()

    partition.skip(batch(0, RULES.instrument_id, orders[0]), 5)
    chained = OrderGroup(RULES.instrument_id, 2, ORDERS_CHAIN.roll(0, orders[:1]), (orders[1],))
    (judged,) = partition.take(OrderBatch(b"", Line.A, 0, (chained,)), 6, 2_000, outbox)

    assert Verdict.TAKEN is judged.verdict
    (machine,) = partition.books.values()
    assert [2] == [resting.order_id for resting in machine.book.snapshot().orders]
