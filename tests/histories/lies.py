"""Lies of the exchange: each is a day on whose streams one thing is not as it was."""

from collections.abc import Mapping
from typing import Any

from histories.day import ANN, BOB, DAN, EVE, Day
from histories.entries import Entry, Heard, Invoked, Refused
from histories.lying import (
    Drift,
    Events,
    Lie,
    Once,
    ends,
    instead,
    never,
    operation,
    retold,
    told,
    twice,
)
from simulation.market import BTC, LOT, UNIT, USD

from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    Answered,
    Balance,
    Done,
    Filled,
    Opened,
    OrderStatus,
    Received,
    Rejected,
    Total,
)
from partita.schemas.enums import Liquidity
from partita.schemas.reasons import Reason

# What stands on the stream.


def unheard(_day: Day, entries: list[Entry]) -> list[Entry]:
    """One event is missing, and the numbers show it."""
    return instead(entries, lambda e: isinstance(e, Heard) and (e.shard, e.number) == (1, 40))


def two_versions(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A second client hears another amount under the same number."""

    def other(entry: Entry) -> Entry:
        assert isinstance(entry, Heard)
        return entry._replace(client=2, event=entry.event._replace(available=0))  # type: ignore[call-arg] # a balance

    return instead(
        entries,
        lambda e: isinstance(e, Heard) and (e.shard, e.number) == (1, 10),
        lambda entry: entry,
        other,
    )


def time_back(_day: Day, entries: list[Entry]) -> list[Entry]:
    """It goes back from one event to the next."""

    def earlier(entry: Entry) -> Entry:
        assert isinstance(entry, Heard)
        return entry._replace(time_ms=entry.time_ms - 1)

    return instead(entries, lambda e: isinstance(e, Heard) and e.number == 40, earlier)


def opened_dropped(day: Day, entries: list[Entry]) -> list[Entry]:
    """Its owner was never told that the order was open."""
    return told(entries, Once(Opened, never, order_id=day.table.orders["bid"]))


def opened_doubled(day: Day, entries: list[Entry]) -> list[Entry]:
    """It is told twice."""
    return told(entries, Once(Opened, twice, order_id=day.table.orders["bid"]))


def balance_dropped(_day: Day, entries: list[Entry]) -> list[Entry]:
    """What a fill leaves is not told."""
    return told(entries, Once(Balance, never, account=ANN, asset_id=BTC, available=104 * LOT))


def balance_doubled(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A balance comes again."""
    return told(entries, Once(Balance, twice, account=ANN, asset_id=USD, available=9_959_900))


# Money.


def amount_altered(_day: Day, entries: list[Entry]) -> list[Entry]:
    """One unit more than there is."""

    def more(event: Balance) -> Events:
        return [event._replace(available=event.available + 1)]

    return told(entries, Once(Balance, more, account=ANN, asset_id=BTC, available=104 * LOT))


def improvement_kept(day: Day, entries: list[Entry]) -> list[Entry]:
    """What Ann's fill has saved is not available to her, then and after."""
    drift = Drift()

    def keep(event: Filled) -> Events:
        drift.available[ANN, USD] -= 3 * 4 * UNIT
        return [event]

    return told(entries, Once(Filled, keep, order_id=day.table.orders["better"]), drift)


def released_twice(day: Day, entries: list[Entry]) -> list[Entry]:
    """The end of Dan's order gives back double, then and after."""
    drift = Drift()

    def double(event: Done) -> Events:
        drift.available[DAN, USD] += 60_150
        return [event]

    return told(entries, Once(Done, double, order_id=day.table.orders["now"]), drift)


def fee_off_by_one(day: Day, entries: list[Entry]) -> list[Entry]:
    """It is one unit more, and the balance agrees with it."""
    drift = Drift()

    def more(event: Filled) -> Events:
        drift.available[ANN, USD] -= 1
        return [event._replace(fee=event.fee + 1)]

    return told(entries, Once(Filled, more, order_id=day.table.orders["better"]), drift)


def top_up_kept(_day: Day, entries: list[Entry]) -> list[Entry]:
    """What a refused amend had brought stays held."""
    drift = Drift()
    back = Once(Balance, never, account=BOB, asset_id=BTC, available=90 * LOT, held=0)
    back._skip = 1  # noqa: SLF001 - the first such balance is the end of the offer

    def tell(event: AccountEvent) -> Events:
        was = back.happened
        found = back(event)
        if back.happened and not was:
            drift.available[BOB, BTC] -= 4 * LOT
            drift.held[BOB, BTC] += 4 * LOT
        return found

    found = retold(entries, tell, drift)
    assert back.happened, "there is something to lie about"
    return found


def sums_off(_day: Day, entries: list[Entry]) -> list[Entry]:
    """Money from nowhere stands in a shard's totals."""
    return told(entries, Once(Total, lambda e: [e._replace(available=e.available + 1)]))


def sums_shifted(_day: Day, entries: list[Entry]) -> list[Entry]:
    """Totals that add up, and are not those of the accounts."""

    def shift(event: Total) -> Events:
        return [event._replace(available=event.available + 1, fees=event.fees - 1)]

    return told(entries, Once(Total, shift))


# Orders and trades.


def second_end(day: Day, entries: list[Entry]) -> list[Entry]:
    """It ends again."""
    return told(entries, Once(Done, twice, order_id=day.table.orders["better"]))


def filled_after_the_end(day: Day, entries: list[Entry]) -> list[Entry]:
    """A fill comes behind it."""
    fill = next(
        entry.event
        for entry in entries
        if isinstance(entry, Heard)
        and isinstance(entry.event, Filled)
        and entry.event.order_id == day.table.orders["buys"]
    )
    late = fill._replace(trade_id=8)
    return told(entries, Once(Done, lambda event: [event, late], order_id=day.table.orders["buys"]))


def lots_vanish(day: Day, entries: list[Entry]) -> list[Entry]:
    """An order ends with less than was placed and not filled."""

    def less(event: Done) -> Events:
        return [event._replace(remaining=event.remaining - 1)]

    return told(entries, Once(Done, less, order_id=day.table.orders["now"]))


def one_sided_trade(day: Day, entries: list[Entry]) -> list[Entry]:
    """The maker of the last one hears nothing."""
    maker = day.table.orders["sells"]
    filled = False

    def tell(event: AccountEvent) -> Events:
        nonlocal filled
        filled = filled or (isinstance(event, Filled) and event.order_id == maker)
        return [] if filled and event.account == BOB else [event]

    return retold(entries, tell)


def two_prices(day: Day, entries: list[Entry]) -> list[Entry]:
    """The taker hears of a better price."""

    def cheaper(event: Filled) -> Events:
        return [event._replace(price=event.price - 1)]

    return told(entries, Once(Filled, cheaper, order_id=day.table.orders["better"]))


def two_makers(day: Day, entries: list[Entry]) -> list[Entry]:
    """Nobody has taken."""

    def made(event: Filled) -> Events:
        return [event._replace(liquidity=Liquidity.MAKER)]

    return told(entries, Once(Filled, made, order_id=day.table.orders["better"]))


def trade_id_skipped(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The last trade has a number too high for both."""

    def tell(event: AccountEvent) -> Events:
        if isinstance(event, Filled) and event.trade_id == 7:
            return [event._replace(trade_id=8)]
        return [event]

    return retold(entries, tell)


# Answers.


def twice_executed(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A repeated transfer takes place again."""
    drift = Drift()

    def again(event: Accepted) -> Events:
        drift.available[ANN, USD] -= 1_000 * UNIT
        left = next(
            e.event
            for e in reversed(entries[: entries.index(Heard(1, 1, *_place_of(entries, event)))])
            if isinstance(e, Heard) and isinstance(e.event, Balance) and e.event[:2] == (ANN, USD)
        )
        return [event._replace(repeated=False), left]

    return told(entries, Once(Accepted, again, command_id="out", repeated=True), drift)


def _place_of(entries: list[Entry], event: AccountEvent) -> tuple[int, int, AccountEvent]:
    return next(e[2:] for e in entries if isinstance(e, Heard) and e.event is event)


def repeat_answered_otherwise(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The repeat is told of another order."""

    def other(event: Received) -> Events:
        return [event._replace(order_id=event.order_id + 2)]

    return told(entries, Once(Received, other, command_id="twice", repeated=True))


def rejected_and_received(_day: Day, entries: list[Entry]) -> list[Entry]:
    """An order that was rejected is received after all."""
    received = next(
        e.event for e in entries if isinstance(e, Heard) and isinstance(e.event, Received)
    )

    def both(event: Rejected) -> Events:
        late = received._replace(account=ANN, command_id=event.command_id, order_id=99)
        return [event, late]

    return told(entries, Once(Rejected, both, command_id="too-much"))


def accepted_without_funds(day: Day, entries: list[Entry]) -> list[Entry]:
    """The ledger lets an order pass that it cannot cover."""
    place = day.place(ANN, "too-much", *_side_price_size(entries, "too-much"))

    def receive(event: Rejected) -> Events:
        fields = place[3:12]
        tail = (place.expire_ms, False)
        return [Received(ANN, event.command_id, 99, *fields, *tail)]

    return told(entries, Once(Rejected, receive, command_id="too-much"))


def _side_price_size(entries: list[Entry], command_id: str) -> Any:
    command = next(
        e.command for e in entries if isinstance(e, Invoked) and e.command.command_id == command_id
    )
    return command.side, command.price, command.size  # type: ignore[union-attr] # it is a place


def rejected_with_funds(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The funds suffice."""

    def reject(event: Received) -> Events:
        return [Rejected(event.account, event.command_id, reason, 0, repeated=False)]

    reason, op = Reason.INSUFFICIENT_FUNDS, operation(entries, "last")
    refused = instead(entries, ends(op), lambda _: Refused(op, 0, reason))
    return told(refused, Once(Received, reject, command_id="last"))


def answer_to_nobody(day: Day, entries: list[Entry]) -> list[Entry]:
    """Something is accepted that was never asked for."""

    def both(event: Opened) -> Events:
        return [event, Accepted(event.account, "who?", 0, 0, repeated=False)]

    return told(entries, Once(Opened, both, order_id=day.table.orders["bid"]))


def unknown_order_denied(_day: Day, entries: list[Entry]) -> list[Entry]:
    """An unknown order took effect, and the inquiry denies it."""
    asked = "where-is-missed"
    deny = Rejected(EVE, asked, Reason.UNKNOWN_ORDER, 0, repeated=False)

    def tell(event: AccountEvent) -> Events:
        if isinstance(event, OrderStatus) and event.client_order_id == "missed":
            return []
        if isinstance(event, Answered) and event.command_id == asked:
            return [deny]
        return [event]

    op = operation(entries, asked)
    refused = Refused(op, 0, Reason.UNKNOWN_ORDER)
    return retold(instead(entries, ends(op), lambda _: refused), tell)


# Each with some words of what is found.
LIES: Mapping[Lie, str] = {
    unheard: "heard by nobody",
    two_versions: "not what others heard",
    time_back: "the shard's time was",
    opened_dropped: "does not rest",
    opened_doubled: "rests already",
    balance_dropped: "must be told next",
    balance_doubled: "nobody asked for what was told before it",
    amount_altered: "it must leave",
    improvement_kept: "it must leave",
    released_twice: "it must leave",
    fee_off_by_one: "the fee must be 100",
    top_up_kept: "given back",
    sums_off: "adds up to 1",
    sums_shifted: "it must be",
    second_end: "the order had ended",
    filled_after_the_end: "the order had ended",
    lots_vanish: "lots were filled",
    one_sided_trade: "was never told of the trade",
    two_prices: "its other party was told",
    two_makers: "both parties are maker",
    trade_id_skipped: "are not dense",
    twice_executed: "executed twice",
    repeat_answered_otherwise: "otherwise than the first time",
    rejected_and_received: "executed twice",
    accepted_without_funds: "must be rejected: insufficient_funds",
    rejected_with_funds: "it must be one of: taken",
    answer_to_nobody: "nobody sent the command",
    unknown_order_denied: "it must be one of: taken",
}
