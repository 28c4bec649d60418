"""The history checker: whether what clients were told can be what an exchange did, once.

Every event goes to the auditor, in the order of its shard's numbers, and every command before it.
Beyond what the auditor requires of them:

1. Lost: what a client was acknowledged stands on the stream, at that number, in those words.
2. False refusal: what a client was told to be rejected, the stream rejects, for that reason.
3. Unresolved: of what a client does not know, the stream tells what became of it, or its life is
   over; then it can have no effect any more, which the auditor sees to.
4. Stale: an answer stands behind all that any client of the history had heard when it was asked
   for. With the auditor's check of each read at its number, this makes reads linearizable.
5. Doubled or torn: each number has one content, whoever hears it, and none is missing.
6. Unsent: what a client was told not to have been sent, has no effect.
7. Sums: at every read of totals, each asset of a shard adds up to zero.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

if not __package__:  # run as a file, from a clone
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from histories.asked import Key, key_of
from histories.auditor import Auditor
from histories.entries import (
    Began,
    Entry,
    Heard,
    Invoked,
    NotSent,
    Ok,
    Refused,
    Ruled,
    Unknown,
)
from histories.hearing import Hearing
from histories.history import kept
from histories.violation import Violation, violate

from partita.schemas.accounts import Accepted, AccountEvent, Answered, Received, Rejected, Total
from partita.schemas.commands import Command, Inquire, Place
from partita.schemas.reasons import Reason
from partita.schemas.topics import shard_of


class Summary(NamedTuple):
    """What a history that is right has in it."""

    operations: int
    acknowledged: int
    rejected: int
    taken_after_all: int  # unknown to the client, and told by the stream
    never_taken: int  # unknown to the client, and it never can take effect
    events: int
    reads: int  # acknowledged inquiries
    trades: int


class _Open:
    """An operation that has not ended, as far as the history and the stream tell."""

    __slots__ = ("answers", "command", "floor", "key", "refused")

    def __init__(self, command: Command, floor: int) -> None:
        self.command = command
        self.key = key_of(command)
        self.floor = floor  # what any client had heard of the shard when it was invoked
        self.answers: list[tuple[int, Reason | None]] = []  # number, why it was rejected
        self.refused: Reason | None = None  # what the client was told, and the stream not yet


def _is_acknowledgement(command: Command, event: AccountEvent) -> bool:
    kind: type[Received | Accepted | Answered] = Accepted
    if isinstance(command, Place | Inquire):
        kind = Received if isinstance(command, Place) else Answered
    return isinstance(event, kind) and (event.account, event.command_id) == key_of(command)


class Check:
    """Takes the entries of a history one after another."""

    def __init__(self, began: Began, clock_back_ms: int = 0) -> None:
        self.auditor = Auditor(
            began.shards,
            began.instruments,
            strangers=began.strangers,
            clock_back_ms=clock_back_ms,
        )
        self._shards = began.shards
        self._hearings = [Hearing() for _ in range(began.shards)]
        self._ops: dict[int, _Open] = {}
        self._by_key: dict[Key, list[_Open]] = {}
        self._acknowledged: list[dict[int, list[tuple[_Open, Ok]]]] = [
            {} for _ in range(began.shards)
        ]  # by shard and number: what waits to be heard
        self._unknown: dict[Key, int] = {}  # until when it may be taken
        self._counts = dict.fromkeys(Summary._fields, 0)

    def take(self, entry: Entry) -> None:
        """Take the next entry.

        Raises:
            Violation: it cannot be, after what came before it.
        """
        match entry:
            case Heard():
                for heard in self._hearings[entry.shard].take(entry):
                    self._hear(heard)
            case Invoked():
                self._invoke(entry)
            case Ok():
                self._acknowledge(entry)
            case Refused():
                self._refuse(entry)
            case Unknown():
                self._give_up(self._close(entry.op))
            case Ruled():
                self.auditor.ruled(entry.instrument)
            case NotSent() | Began():
                pass  # what was not sent the auditor does not hear of, so it allows no effect

    def _invoke(self, entry: Invoked) -> None:
        command = entry.command
        self._counts["operations"] += 1
        self.auditor.sent(command)
        floor = self._hearings[shard_of(command.account, self._shards)].top
        opened = self._ops[entry.op] = _Open(command, floor)
        self._by_key.setdefault(opened.key, []).append(opened)

    def _close(self, op: int) -> _Open:
        opened = self._ops.pop(op, None)
        if opened is None:
            violate(f"operation {op} was not invoked, or had ended")
        return opened

    def _forget(self, opened: _Open) -> None:
        mine = self._by_key[opened.key]
        mine.remove(opened)
        if not mine:
            del self._by_key[opened.key]

    def _acknowledge(self, entry: Ok) -> None:
        opened = self._close(entry.op)
        command, last = opened.command, entry.events[-1]
        if not _is_acknowledgement(command, last):
            violate(f"{command} was acknowledged by {last}")
        if entry.number <= opened.floor:
            violate(
                f"{command} was invoked when number {opened.floor} of shard {entry.shard} had been"
                f" heard, and is answered at {entry.number}: {entry.events}"
            )
        for event in entry.events:
            if isinstance(event, Total) and (over := sum(event[2:])) != 0:
                violate(f"it adds up to {over}, not to 0: {event}")
        self._counts["acknowledged"] += 1
        self._counts["reads"] += isinstance(command, Inquire)
        hearing = self._hearings[entry.shard]
        hearing.top = max(hearing.top, entry.number)
        if entry.number <= hearing.last:
            self._compare(opened, entry)
        else:
            waiting = self._acknowledged[entry.shard].setdefault(entry.number, [])
            waiting.append((opened, entry))

    def _compare(self, opened: _Open, entry: Ok) -> None:
        try:
            self._hearings[entry.shard].require(entry.number, entry.time_ms, entry.events)
        except Violation as violation:
            raise Violation(f"{opened.command} was acknowledged: {violation}") from None
        self._forget(opened)

    def _refuse(self, entry: Refused) -> None:
        opened = self._close(entry.op)
        self._counts["rejected"] += 1
        opened.refused = entry.reason
        self._match_refusal(opened)

    def _match_refusal(self, opened: _Open) -> None:
        if any(
            number > opened.floor and reason is opened.refused for number, reason in opened.answers
        ):
            self._forget(opened)

    def _give_up(self, opened: _Open) -> None:
        self._forget(opened)
        if isinstance(opened.command, Inquire):
            return
        if opened.answers:
            self._counts["taken_after_all"] += 1
        else:
            life_ms = opened.command.valid_until_ms
            self._unknown[opened.key] = max(life_ms, self._unknown.get(opened.key, 0))

    def _hear(self, heard: Heard) -> None:
        shard, number, event = heard.shard, heard.number, heard.event
        self._counts["events"] += 1
        self.auditor.heard(shard, number, heard.time_ms, event)
        if isinstance(event, Received | Accepted | Rejected | Answered):
            self._note_answer(number, event)
        for opened, entry in self._acknowledged[shard].pop(number, ()):
            self._compare(opened, entry)

    def _note_answer(self, number: int, event: Received | Accepted | Rejected | Answered) -> None:
        key = event.account, event.command_id
        reason = event.reason if isinstance(event, Rejected) else None
        for opened in tuple(self._by_key.get(key, ())):
            opened.answers.append((number, reason))
            if opened.refused is not None:
                self._match_refusal(opened)
        # Another content of the id was rejected: that tells nothing of this one.
        if key in self._unknown and reason is not Reason.DUPLICATE_ID:
            del self._unknown[key]
            expired = reason is Reason.COMMAND_EXPIRED
            self._counts["never_taken" if expired else "taken_after_all"] += 1

    def end(self, *, at_rest: bool = True) -> Summary:
        """Check what must hold at the end; at rest: nothing was under way any more.

        Raises:
            Violation: something is missing.
        """
        for hearing in self._hearings:
            hearing.at_end()
        for shard, waiting in enumerate(self._acknowledged):
            for number, found in waiting.items():
                violate(
                    f"acknowledged, but number {number} of shard {shard} never came: {found[0][1]}"
                )
        for op in list(self._ops):
            self._give_up(self._close(op))
        for mine in self._by_key.values():
            for opened in mine:
                violate(f"{opened.command} was told to be rejected ({opened.refused}), but was not")
        for (account, command_id), life_ms in self._unknown.items():
            now_ms = self._hearings[shard_of(account, self._shards)].time_ms
            if now_ms <= life_ms:
                violate(
                    f"nobody knows what became of {command_id} of account {account}: the last event"
                    f" of its shard is at {now_ms}, and it lives until {life_ms}"
                )
            self._counts["never_taken"] += 1
        if at_rest:
            self.auditor.at_rest()
        self._counts["trades"] = self.auditor.trades.count
        return Summary(**self._counts)


def check_history(
    entries: Iterable[Entry], *, at_rest: bool = True, clock_back_ms: int = 0
) -> Summary:
    """Check a whole history; return what is in it. See the module for what is checked.

    Raises:
        Violation: it cannot be; the text says where and why.
    """
    found = iter(entries)
    began = next(found, None)
    if not isinstance(began, Began):
        violate(f"a history begins with Began, not with {began}")
    check = Check(began, clock_back_ms)
    for entry in found:
        check.take(entry)
    return check.end(at_rest=at_rest)


def main(say: Callable[[str], None] = print) -> int:
    """Check a history in a file; return 1 when it is not right."""
    parser = argparse.ArgumentParser(description="Check the history of a run.")
    parser.add_argument("history", type=Path, help="the file")
    parser.add_argument("--under-way", action="store_true", help="it was not at rest at its end")
    asked = parser.parse_args()
    try:
        summary = check_history(kept(asked.history), at_rest=not asked.under_way)
    except Violation as violation:
        say(f"{asked.history}: {violation}")
        return 1
    say(f"{asked.history} is right: {summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
