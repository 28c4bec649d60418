"""Lies to clients: each is a day on which somebody was told what the streams do not say."""

from collections.abc import Mapping

from histories.day import Day
from histories.entries import Entry, Invoked, NotSent, Ok, Refused
from histories.lying import Lie, ends, instead, operation, until

from partita.schemas.accounts import Balance, Received, Total
from partita.schemas.reasons import Reason


def acknowledged_missing(_day: Day, entries: list[Entry]) -> list[Entry]:
    """An order is acknowledged, and is not on the stream."""
    op = operation(entries, "last")
    return until(entries, ends(op))


def acknowledged_otherwise(_day: Day, entries: list[Entry]) -> list[Entry]:
    """With another order's id."""

    def other(entry: Entry) -> Entry:
        assert isinstance(entry, Ok)
        (received,) = entry.events
        assert isinstance(received, Received)
        return entry._replace(events=(received._replace(order_id=received.order_id + 2),))

    return instead(entries, ends(operation(entries, "last")), other)


def read_altered(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A client reads another balance than the one at that number."""

    def other(entry: Entry) -> Entry:
        assert isinstance(entry, Ok)
        balance, *rest = entry.events
        assert isinstance(balance, Balance)
        return entry._replace(events=(balance._replace(available=balance.available + 1), *rest))

    return instead(entries, ends(operation(entries, "balances-2")), other)


def sums_told_off(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A client is told totals with money from nowhere."""

    def other(entry: Entry) -> Entry:
        assert isinstance(entry, Ok)
        total, *rest = entry.events
        assert isinstance(total, Total)
        return entry._replace(events=(total._replace(available=total.available + 1), *rest))

    return instead(entries, ends(operation(entries, "totals-2")), other)


def stale_read(_day: Day, entries: list[Entry]) -> list[Entry]:
    """A balance is read that was true before the question."""
    invoked = next(
        e for e in entries if isinstance(e, Invoked) and e.command.command_id == "balances-2"
    )
    ok = next(e for e in entries if isinstance(e, Ok) and e.op == invoked.op)
    left = [entry for entry in entries if entry not in (invoked, ok)]
    return [*left, invoked, ok]


def refused_but_taken(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The client, but not the stream, says so."""
    op = operation(entries, "last")
    return instead(entries, ends(op), lambda _: Refused(op, 0, Reason.INSUFFICIENT_FUNDS))


def unresolved(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The history ends before its life does."""
    return until(entries, ends(operation(entries, "lost")))


def not_sent_but_taken(_day: Day, entries: list[Entry]) -> list[Entry]:
    """The client was told that it was overloaded."""

    def not_sent(entry: Entry) -> Entry:
        assert isinstance(entry, Invoked)
        return NotSent(entry.at_ms, "overloaded", entry.command)

    op = operation(entries, "missed")
    silent = instead(entries, lambda e: isinstance(e, Invoked) and e.op == op, not_sent)
    return instead(silent, ends(op))


# Each with some words of what is found.
LIES_TO_CLIENTS: Mapping[Lie, str] = {
    acknowledged_missing: "never came",
    acknowledged_otherwise: "was acknowledged",
    read_altered: "was acknowledged",
    sums_told_off: "it adds up to 1",
    stale_read: "had been heard",
    refused_but_taken: "was told to be rejected",
    unresolved: "nobody knows what became of lost",
    not_sent_but_taken: "nobody sent the command",
}
