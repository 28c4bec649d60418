"""How to tell a history otherwise than it was, so that nothing but the lie is wrong with it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from histories.day import Day
from histories.entries import Entry, Heard, Invoked, Ok, Refused, Unknown

from partita.schemas.accounts import AccountEvent, Balance

Events = Sequence[AccountEvent]
Tell = Callable[[AccountEvent], Events]
Lie = Callable[[Day, list[Entry]], list[Entry]]


class Drift:
    """By how much balances are told otherwise from now on, by account and asset."""

    def __init__(self) -> None:
        self.available: Counter[tuple[int, int]] = Counter()
        self.held: Counter[tuple[int, int]] = Counter()

    def of(self, event: AccountEvent) -> AccountEvent:
        """Return an event as it is told."""
        if not isinstance(event, Balance):
            return event
        where = event.account, event.asset_id
        return event._replace(
            available=event.available + self.available[where], held=event.held + self.held[where]
        )


def retold(entries: Sequence[Entry], tell: Tell, drift: Drift | None = None) -> list[Entry]:
    """Return a history in which the exchange says something else, and numbers it as its own.

    tell gives for each event, in the order of hearing, what is said instead. What clients were
    acknowledged follows it, where something of it is left.
    """
    drift = drift or Drift()
    said: dict[tuple[int, int], list[Heard]] = {}  # by shard and old number
    last: Counter[int] = Counter()
    for entry in entries:
        if isinstance(entry, Heard):
            mine = said[entry.shard, entry.number] = []
            for event in tell(entry.event):
                last[entry.shard] += 1
                mine.append(entry._replace(number=last[entry.shard], event=drift.of(event)))
    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, Heard):
            found += said[entry.shard, entry.number]
        elif isinstance(entry, Ok):
            olds = range(entry.number - len(entry.events) + 1, entry.number + 1)
            news = [said[entry.shard, old][0] for old in olds if said.get((entry.shard, old))]
            events = tuple(heard.event for heard in news)
            found.append(entry._replace(number=news[-1].number, events=events) if news else entry)
        else:
            found.append(entry)
    return found


def instead(
    entries: Sequence[Entry], old: Callable[[Entry], bool], *new: Callable[[Entry], Entry]
) -> list[Entry]:
    """Return a history with others in the place of some entries; there must be some."""
    assert any(map(old, entries)), "there is something to lie about"
    found: list[Entry] = []
    for entry in entries:
        found += [make(entry) for make in new] if old(entry) else [entry]
    return found


def until(entries: Sequence[Entry], last: Callable[[Entry], bool]) -> list[Entry]:
    """Return a history up to an entry, that included."""
    for at, entry in enumerate(entries):
        if last(entry):
            return list(entries[: at + 1])
    raise AssertionError("there is something to lie about")


class Once:
    """Tells something else of the first event of a kind whose fields are these."""

    def __init__(
        self, kind: type, new: Callable[[Any], Events], skip: int = 0, **fields: object
    ) -> None:
        self._kind = kind
        self._new = new
        self._skip = skip  # how many of them are left as they are
        self._fields = fields
        self.happened = False

    def __call__(self, event: AccountEvent) -> Events:
        """Tell of one event."""
        fits = isinstance(event, self._kind) and not self.happened
        if not fits or any(getattr(event, name) != x for name, x in self._fields.items()):
            return [event]
        if self._skip:
            self._skip -= 1
            return [event]
        self.happened = True
        return self._new(event)


def told(entries: list[Entry], once: Once, drift: Drift | None = None) -> list[Entry]:
    """Return a history that is otherwise in one event, and in the balances that follow from it."""
    found = retold(entries, once, drift)
    assert once.happened, "there is something to lie about"
    return found


def twice(event: AccountEvent) -> Events:
    """Tell an event two times."""
    return [event, event]


def never(_event: AccountEvent) -> Events:
    """Keep an event back."""
    return []


def operation(entries: list[Entry], command_id: str) -> int:
    """Return the operation of a command."""
    return next(
        entry.op
        for entry in entries
        if isinstance(entry, Invoked) and entry.command.command_id == command_id
    )


def ends(op: int) -> Callable[[Entry], bool]:
    """Return what tells the end of an operation."""
    return lambda entry: isinstance(entry, Ok | Refused | Unknown) and entry.op == op
