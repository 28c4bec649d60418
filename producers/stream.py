"""One shard's private stream as a client takes it: each number once, from where it joined."""

import logging
from array import array
from dataclasses import dataclass, field

from partita.log import native
from partita.producers.views import RawEvent
from partita.schemas.accounts import AccountEvent, AccountEventBatch, Answered, Rejected
from partita.schemas.codec import accounts_of, decode
from partita.schemas.errors import Undecodable

_LOGGER = logging.getLogger("partita.producers")
_NUMBER_MAX = (1 << 63) - 1  # of what is on the log


@dataclass(slots=True)
class Wanted:
    """Whose events a client wants. Written by its loop, read by its reader."""

    everyone: bool = False
    accounts: set[int] = field(default_factory=set)
    _column: "array[int]" = field(default_factory=lambda: array("q"))  # of them, ascending
    _column_of: set[int] = field(default_factory=set)  # the set that it was made of

    def concerned(self, record: bytes) -> bool:
        """Return whether a record of account-events has events of theirs.

        Raises:
            Undecodable: it is no such record.
            UnknownFingerprint: the schema is not one of this build's.
        """
        if self.everyone:
            return True
        accounts = self.accounts
        if native.INSTALLED:
            # One set only becomes larger; another one takes its place.
            if self._column_of is not accounts or len(self._column) != len(accounts):
                self._column, self._column_of = array("q", sorted(accounts.copy())), accounts
            if not native.concerned(record, self._column):
                return False
        return not accounts.isdisjoint(accounts_of(record))


class Stream:
    """Takes records of one partition of account-events.

    It joins at the answer to a question of its own. What stands on the log before that answer, and
    later with a smaller number, is history that a restarted ledger has sent again.
    """

    def __init__(self, shard: int, wanted: Wanted, account: int, question: str) -> None:
        self.gaps = 0  # how often a number never came
        self._shard = shard
        self._wanted = wanted
        self._account = account
        self._question = question  # the command_id of the inquiry at whose answer it joins
        self._number: int | None = None  # the last one taken; None before the join
        self._skipped = False  # a batch was not decoded: its numbers, the next ones, are not known

    def take(self, record: bytes) -> list[RawEvent]:
        """Return what is new and wanted in a record.

        Raises:
            UnknownFingerprint: the ledger is newer than this client.
        """
        try:
            if not self._wanted.concerned(record):
                self._skipped = True
                return []
            if self._is_known(record):
                return []
            batch = decode(record)
        except Undecodable as error:
            _LOGGER.warning("account-events/%d: a record is skipped: %s", self._shard, error)
            return []
        assert isinstance(batch, AccountEventBatch), "accounts_of and the topic hold only these"
        found: list[RawEvent] = []
        for group in batch.groups:
            self._take_group(group.first, group.time_ms, group.events, found)
        return found

    def _is_known(self, record: bytes) -> bool:
        """Return whether all in a record was taken before, where that is told without decoding it.

        With a second line every event comes twice, and a ledger that was killed says again all
        that is behind its snapshot: decoded, it would hold up what the other line says for seconds.
        """
        if self._number is None or not native.INSTALLED:
            return False
        return not native.has_news(record, min(self._number, _NUMBER_MAX))

    def _take_group(
        self, first: int, time_ms: int, events: tuple[AccountEvent, ...], found: list[RawEvent]
    ) -> None:
        if self._number is None:
            events, first = self._join(first, time_ms, events, found)
            if self._number is None:
                return
        if not events:
            return
        known = self._number - first + 1  # how many of its events came before
        if known >= len(events):
            return
        if known < 0:
            self._note_gap(-known)
            known = 0
        everyone, accounts, shard = self._wanted.everyone, self._wanted.accounts, self._shard
        for number, event in enumerate(events[known:], first + known):
            if everyone or event.account in accounts:
                found.append(RawEvent(shard, number, time_ms, event))
        self._number = first + len(events) - 1

    def _note_gap(self, missing: int) -> None:
        if self._skipped:
            # They stood in what was not decoded: nobody wanted them. Only what goes beyond that
            # ends it: another line's record may end in the middle of what was skipped.
            self._skipped = False
            return
        self.gaps += 1
        _LOGGER.warning(
            "account-events/%d: %d events after number %s never came; ask by inquiry where they"
            " matter",
            self._shard,
            missing,
            self._number,
        )

    def _join(
        self, first: int, time_ms: int, events: tuple[AccountEvent, ...], found: list[RawEvent]
    ) -> tuple[tuple[AccountEvent, ...], int]:
        """Look for the answer; return what follows it, and the number of the first of that."""
        for at, event in enumerate(events):
            if event.account != self._account:
                continue
            if isinstance(event, Answered | Rejected) and event.command_id == self._question:
                found.append(RawEvent(self._shard, first + at, time_ms, event))
                if isinstance(event, Answered):
                    self._number = first + at
                    return events[at + 1 :], first + at + 1
        return (), 0
