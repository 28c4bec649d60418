"""The parts of an audit by themselves: what is wrong with a state is found and named."""

from collections.abc import Sequence

import pytest
from audited.exchange import BTC, BTC_USD, ETH_USD, SHAPE, USD, Exchange, traded

from partita.deploy.audit.again import last_groups, unsent
from partita.deploy.audit.edges import Edge, Group, groups_of
from partita.deploy.audit.findings import Differences, Kind
from partita.deploy.audit.flight import Flight
from partita.deploy.audit.holds import agreement, holds
from partita.deploy.audit.money import Leg, conservation, legs, negative_balances
from partita.deploy.audit.reading import Reading, Taken
from partita.deploy.audit.rebuild import World
from partita.deploy.audit.stream import Stream
from partita.ledger.snapshot import from_snapshot
from partita.ledger.state import ClearingFunds, ShardState
from partita.log.edges import EdgeState
from partita.log.port import Outgoing
from partita.matchers.snapshot import from_snapshot as book_from_snapshot
from partita.matchers.state import BookState
from partita.schemas import chain, feed, reports
from partita.schemas.accounts import Accepted, AccountEvent, Balance, Filled
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, Liquidity, Outcome, Side
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS

Sound = tuple[dict[int, ShardState], dict[int, BookState]]
RULES = {BTC_USD.instrument_id: BTC_USD, ETH_USD.instrument_id: ETH_USD}


def states(exchange: Exchange) -> Sound:
    """Return the states of all machines."""
    ledger, matcher = exchange.ledgers[0][0].core, exchange.matchers[0][0].core
    shards = {
        shard: from_snapshot(decode(ledger.snapshot(shard, f"shard {shard}")))[0]
        for shard in range(SHAPE.shards)
    }
    books = {
        rules.instrument_id: book_from_snapshot(
            decode(matcher.snapshot(rules.partition, rules.symbol))
        )[0]
        for rules in (BTC_USD, ETH_USD)
    }
    return shards, books


@pytest.fixture(scope="module")
def sound() -> Sound:
    """The states of an exchange at rest."""
    return states(traded())


def richer(state: ShardState, available: int = 0, held: int = 0) -> ShardState:
    """Return a shard whose first account has more than it should."""
    first, *others = state.accounts
    more = first._replace(available=first.available + available, held=first.held + held)
    return state._replace(accounts=(more, *others))


def test_a_sound_state_adds_up(sound: Sound) -> None:
    """No difference of any kind."""
    shards, books = sound
    differences = Differences()

    conservation(shards, (), RULES, differences)
    negative_balances(list(shards.values()), differences)
    for state in shards.values():
        holds(state, differences)
    agreement(shards, books, Flight(World()), differences)

    assert 0 == differences.count


def test_money_made_of_nothing_is_found(sound: Sound) -> None:
    """One unit on one account; the shard and the asset are named."""
    shards, _ = sound
    differences = Differences()

    total = conservation({**shards, 1: richer(shards[1], available=1)}, (), RULES, differences)

    (found,) = differences.shown
    assert found.kind is Kind.MONEY
    assert found.text.startswith("shard 1: BTC does not add up: +1 units (available ")
    assert (ACCOUNT_COMMANDS, 1) == found.place
    assert 1 == total[BTC].difference


def test_a_leg_that_never_came_is_found(sound: Sound) -> None:
    """Each shard adds up by itself, but what left one never came to another."""
    shards, _ = sound
    state = shards[0]
    first, *others = state.assets
    lost = ClearingFunds(BTC_USD.instrument_id, first.asset_id, 5)
    first = first._replace(external=first.external - 5)
    broken = {
        **shards,
        0: state._replace(assets=(first, *others), clearing=(*state.clearing, lost)),
    }
    differences = Differences()

    conservation(broken, (), RULES, differences)

    (found,) = differences.shown
    assert found.text == ("clearing of BTC-USD: +5 units of BTC are neither settled nor in flight")
    known = Differences()
    conservation(broken, [Leg(BTC_USD.instrument_id, BTC, -5)], RULES, known)
    assert 0 == known.count


def test_a_negative_balance_is_found(sound: Sound) -> None:
    """Though all of it adds up."""
    shards, _ = sound
    account = shards[0].accounts[0]
    differences = Differences()

    negative_balances([richer(shards[0], -account.available - 1)], differences)

    assert differences.shown[0].text.startswith("a balance is below zero")


def test_held_money_without_an_order_is_found(sound: Sound) -> None:
    """The account and both amounts are named."""
    shards, _ = sound
    row = shards[0].accounts[0]
    differences = Differences()

    holds(richer(shards[0], available=-7, held=7), differences)

    (found,) = differences.shown
    assert found.kind is Kind.HOLD
    expected = f"account {row.account}, asset {row.asset_id}: {row.held + 7} units are held, and"
    assert found.text == f"{expected} its open orders hold {row.held}"


def test_an_order_that_only_one_side_has_is_found(sound: Sound) -> None:
    """Open in the ledger and not in the book; in the book and not in the ledger; not alike."""
    shards, books = sound
    book = books[BTC_USD.instrument_id]
    first, second, *others = book.orders
    changed = second._replace(remaining=second.remaining + 1, size=second.size + 1)
    stranger = first._replace(order_id=9_000_000)
    broken = book._replace(orders=(stranger, changed, *others))
    differences = Differences()

    agreement(shards, {**books, 1: broken}, Flight(World()), differences)

    found = [one.text for one in differences.shown]
    assert 3 == differences.count
    assert any(text.startswith(f"order {first.order_id} is open in shard ") for text in found)
    assert any(text.startswith("order 9000000 rests in BTC-USD, and is not") for text in found)
    assert any(text.startswith(f"order {second.order_id} of BTC-USD: ledger (") for text in found)


def test_what_is_in_flight_explains_a_difference(sound: Sound) -> None:
    """A fill and an end that the shard has not taken, an order that the book has not taken."""
    shards, books = sound
    book = books[BTC_USD.instrument_id]
    filled, ended, unknown, *others = book.orders
    left = filled._replace(remaining=filled.remaining - 1)
    flight = Flight(World())
    edge = Edge(ACCOUNT_COMMANDS, 0, BTC_USD.instrument_id, 0)
    fill = reports.Filled(filled.order_id, 9, filled.price, 1, 0, Liquidity.MAKER)
    flight.reports = [
        (edge, fill),
        (edge, reports.Done(ended.order_id, Outcome.EXPIRED, Reason.TIME_REACHED, 1, 0)),
    ]
    flight.orders = {unknown.order_id}
    differences = Differences()

    agreement(shards, {**books, 1: book._replace(orders=(left, *others))}, flight, differences)
    (base, quote) = legs(flight.reports, shards, {}, RULES, differences)

    sign = 1 if filled.side is Side.SELL else -1
    assert (BTC, sign * BTC_USD.lot) == base[1:]
    assert (USD, -sign * filled.price) == quote[1:]
    # The order that is not yet in the book is still as the ledger has it: received or open.
    assert [] == [one.text for one in differences.shown]


FEED = Edge(BOOK, 0, 1, 0)
EVENTS = [feed.Done(number, Outcome.FILLED, 0) for number in range(1, 7)]


def group(first: int, last: int, chain_before: int | None = None) -> Group:
    """Return the events of some numbers, as a right line says them."""
    before = chain.FEED.roll(0, EVENTS[: first - 1], 5) if chain_before is None else chain_before
    return Group(FEED, first, before, 5, tuple(EVENTS[first - 1 : last]))


def test_a_reading_takes_each_number_once_and_notes_the_chains_it_is_asked_for() -> None:
    """However the groups are cut, and whatever stands there twice."""
    reading = Reading(FEED, wanted=(0, 3, 6, 9))

    taken = [reading.take(one) for one in (group(1, 2), group(1, 2), group(2, 4), group(5, 6))]

    assert [(1, 2), (0, 0), (3, 2), (5, 2)] == [(new.first, len(new.events)) for new in taken]
    expected = {at: chain.FEED.roll(0, EVENTS[:at], 5) for at in (0, 3, 6)}
    assert expected == reading.chains
    assert (6, 0, 0) == (reading.number, reading.refused, reading.behind_hole)


def test_a_reading_waits_at_a_hole_and_refuses_another_past() -> None:
    """It keeps the highest number behind the hole, and counts what it has refused."""
    reading = Reading(FEED)
    for one in (group(1, 2), group(4, 6), group(2, 3, chain_before=77)):
        reading.take(one)

    assert (2, 6, 1) == (reading.number, reading.behind_hole, reading.refused)


def test_a_reading_may_begin_anywhere() -> None:
    """Where a topic no longer has its first events, it trusts the first group that is left."""
    reading = Reading(FEED, at=None)

    reading.take(group(4, 5))

    assert EdgeState(3, chain.FEED.roll(0, EVENTS[:3], 5)) == reading.begun
    assert 5 == reading.number


def told(*events: AccountEvent) -> tuple[Stream, Differences]:
    """Return a private stream of these events, and what is wrong with it."""
    differences = Differences()
    stream = Stream(1, RULES, differences)
    stream.take(Taken(1, events))
    return stream, differences


TRANSFER = Accepted(1, "t", 0, count=0, repeated=False)


def test_a_stream_is_folded_into_balances_fees_and_transfers() -> None:
    """From its events alone: two transfers in, one out, and a purchase with its fee."""
    stream, differences = told(
        TRANSFER,
        Balance(1, USD, 1_000, 0),
        TRANSFER,
        Balance(1, USD, 900, 0),
        Balance(1, USD, 390, 510),
        Filled(1, 7, 1, Side.BUY, 1, 100, 5, 3, Liquidity.TAKER),
        Balance(1, BTC, 50_000, 0),
        Balance(1, USD, 397, 0),
    )

    assert 0 == differences.count
    assert {(1, USD): (397, 0), (1, BTC): (50_000, 0)} == stream.balances
    assert (1_000, 100, 3) == (
        stream.transferred_in[USD],
        stream.transferred_out[USD],
        stream.fees[USD],
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((Balance(1, USD, 5, 0),), "is +5 units from what its fills and transfers make"),
        (
            (
                Filled(1, 7, 1, Side.SELL, 1, 100, 5, 3, Liquidity.MAKER),
                Balance(1, USD, 498, 0),
            ),
            "is +1 units from what its fills and transfers make",
        ),
        (
            (TRANSFER, Filled(1, 7, 1, Side.BUY, 1, 1, 1, 0, Liquidity.MAKER)),
            "account 1, asset 1: +10000 units never told of",
        ),
        ((TRANSFER, Balance(1, USD, 9, 0)), "told Told(available=9, held=0), and has nothing"),
    ],
    ids=["from nothing", "a unit too much", "never told", "of nobody"],
)
def test_a_stream_that_does_not_add_up_is_found(
    events: tuple[AccountEvent, ...], expected: str, sound: Sound
) -> None:
    """Against itself, and at last against the shard that the log makes."""
    stream, differences = told(*events)
    stream.compare(sound[0][1]._replace(accounts=(), assets=()))

    assert any(expected in one.text for one in differences.shown)


def test_a_stream_is_compared_with_the_shard_to_the_last_unit(sound: Sound) -> None:
    """Available, held, fees and what was transferred: one unit off is one difference."""
    exchange, state = traded(), sound[0][1]
    differences = Differences()
    stream = Stream(1, RULES, differences)
    for record in exchange.log.records(ACCOUNT_EVENTS, 1):
        for one in groups_of(ACCOUNT_EVENTS, 1, decode(record.value)):
            stream.take(Taken(one.first, one.events))

    stream.compare(state)
    assert 0 == differences.count
    stream.compare(richer(state, held=1))
    asset, *others = state.assets
    stream.compare(state._replace(assets=(asset._replace(fees=asset.fees + 1), *others)))
    stream.compare(state._replace(assets=(asset._replace(external=asset.external + 1), *others)))

    first, second, third = (one.text for one in differences.shown)
    assert "the private stream told" in first
    assert "fees" in second
    assert "transferred" in third


def test_events_are_sorted_by_what_was_said_and_taken() -> None:
    """In flight, taken ahead of what the shard was rebuilt to, or neither."""
    world = World()
    orders_edge, reports_edge = Edge(ORDERS, 0, 1, 1), Edge(ACCOUNT_COMMANDS, 1, 1, 1)
    for edge, said, taken in ((orders_edge, 2, 1), (reports_edge, 5, 4)):
        world.ended.said[edge] = EdgeState(said, 0)
        world.ended.taken[edge] = EdgeState(taken, 0)
    new = [NewOrder(number, *[1] * 12) for number in range(1, 4)]  # type: ignore[arg-type] # any values do
    flight = Flight(world)
    flight.take(orders_edge, Taken(1, new))
    flight.take(reports_edge, Taken(4, [reports.Opened(4, 1), reports.Opened(5, 1)]))
    assert ({2}, {}) == (flight.orders, flight.ahead)
    assert [(reports_edge, reports.Opened(5, 1))] == flight.reports

    world.ended.taken[orders_edge] = EdgeState(3, 0)
    flight = Flight(world)
    flight.take(orders_edge, Taken(1, new))
    assert (set(), {3: new[2]}) == (flight.orders, flight.ahead)


def test_differences_are_counted_when_they_are_too_many_to_show() -> None:
    """The first of a kind say what the rest would."""
    differences = Differences()
    for number in range(50):
        differences.add(Kind.HOLD, f"{number}")
    differences.add(Kind.MONEY, "one")

    assert (51, 11) == (differences.count, len(differences.shown))


def test_the_last_words_serve_if_they_reach_back_to_where_an_edge_ends() -> None:
    """Else the whole partition is gone over again."""
    groups = [group(1, 2), group(3, 4), group(5, 6)]
    bodies = [feed.FeedGroup(1, one.first, one.chain, 5, tuple(one.events)) for one in groups]
    batches = [
        Outgoing(BOOK, 0, None, encode(feed.FeedBatch(b"", Line.A, (body,)))) for body in bodies
    ]

    def firsts(tail: Sequence[Outgoing], number: int) -> list[int] | None:
        groups = last_groups(tail, {FEED: EdgeState(number, 0)})
        return None if groups is None else [one.first for one in groups]

    assert [5] == firsts(batches, 4)
    assert [3, 5] == firsts(batches, 3)
    assert [1, 3, 5] == firsts(batches, 0)
    assert firsts(batches[1:], 1) is None


def test_what_is_not_sent_yet_is_given_and_what_stands_is_checked() -> None:
    """The chain at the last number that stands must be that of what was said."""
    given: list[Taken] = []
    groups = [group(1, 3), group(4, 6)]
    ends = {at: EdgeState(at, chain.FEED.roll(0, EVENTS[:at], 5)) for at in (0, 2, 3, 6)}

    for at in (2, 3):
        assert [] == unsent(groups, {FEED: ends[at]}, lambda _, taken: given.append(taken))
    assert [FEED] == unsent(groups, {FEED: EdgeState(2, 99)}, lambda _, taken: given.append(taken))

    assert [(3, 1), (4, 3), (4, 3)] == [(taken.first, len(taken.events)) for taken in given]
