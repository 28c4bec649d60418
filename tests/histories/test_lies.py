"""The auditor and the checker bite: each lie is found, and named for what it is."""

from typing import Any

import pytest
from histories.auditor import Auditor
from histories.check import check_history
from histories.day import BOB, DAN, Day
from histories.entries import Began, Entry, Heard, Invoked, Ok, Ruled
from histories.lies import LIES
from histories.lies_to_clients import LIES_TO_CLIENTS
from histories.lying import Events, Lie, Once, instead, told, until
from histories.slips import SLIPS, Slip
from histories.violation import Violation
from simulation.market import LOT

from partita.schemas.accounts import Balance, Rejected


def test_the_day_that_lies_are_told_of_is_right() -> None:
    """Without a lie nothing is found."""
    summary = check_history(Day().run())

    assert (7, 1, 1) == (summary.trades, summary.taken_after_all, summary.never_taken)


@pytest.mark.parametrize("lie", [*LIES, *LIES_TO_CLIENTS], ids=lambda lie: lie.__name__)
def test_a_lie_is_found(lie: Lie) -> None:
    """And what is found is said in words that fit."""
    day = Day()
    entries = day.run()
    words = {**LIES, **LIES_TO_CLIENTS}[lie]

    with pytest.raises(Violation, match=words) as found:
        check_history(lie(day, entries))

    print(f"{lie.__name__}: {found.value}")  # seen with -s


def audit(entries: list[Entry]) -> Auditor:
    """Let an auditor alone hear of a history, without what clients were acknowledged."""
    began = entries[0]
    assert isinstance(began, Began)
    auditor = Auditor(began.shards, began.instruments)
    for entry in entries:
        if isinstance(entry, Invoked):
            auditor.sent(entry.command)
        elif isinstance(entry, Ruled):
            auditor.ruled(entry.instrument)
        elif isinstance(entry, Heard):
            auditor.heard(*entry[1:])
    auditor.catch_up()
    return auditor


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.words)
def test_a_slip_is_found(slip: Slip) -> None:
    """And what is found is said in words that fit."""
    day = Day()
    entries = day.run()
    fields = dict(slip.fields)
    skip = fields.pop("skip", 0)
    if "order" in fields:
        fields["order_id"] = day.table.orders[fields.pop("order")]

    def change(event: Any) -> Events:
        if callable(slip.change):
            new = slip.change(event)
            return [new] if slip.kind is Rejected else [event, new]
        return [event._replace(**slip.change)] if slip.change else []

    with pytest.raises(Violation, match=slip.words) as found:
        audit(told(entries, Once(slip.kind, change, skip, **fields)))

    print(f"{slip.words}: {found.value}")  # seen with -s


@pytest.mark.parametrize(
    ("words", "account", "held"),
    [
        ("neither rests nor is done", BOB, 10 * LOT),  # the offer is received
        ("held for amends that nobody has answered", DAN, 88_421),  # for "more"
        ("a cancel-all that was never answered", BOB, 2 * LOT),  # the first order is swept
        ("no self-trade was prevented", DAN, 19_649),  # the bid is decreased
    ],
)
def test_a_day_that_ends_in_the_middle_is_not_at_rest(words: str, account: int, held: int) -> None:
    """What is under way must come to an end."""

    def is_last(entry: Entry) -> bool:
        event = entry.event if isinstance(entry, Heard) else None
        return isinstance(event, Balance) and (event.account, event.held) == (account, held)

    auditor = audit(until(Day().run(), is_last))

    with pytest.raises(Violation, match=words):
        auditor.at_rest()


def test_a_history_that_is_none_is_found() -> None:
    """Without a beginning; with an operation that ends twice."""
    entries = Day().run()
    ok = next(entry for entry in entries if isinstance(entry, Ok))

    with pytest.raises(Violation, match="begins with Began"):
        check_history(entries[1:])
    with pytest.raises(Violation, match="was not invoked, or had ended"):
        check_history(instead(entries, lambda entry: entry is ok, lambda _: ok, lambda _: ok))
