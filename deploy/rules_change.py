"""Changing the rules of symbols on a running exchange: one record each, and the book is the judge.

1. Note where the books' announcements stand, then read what clients are told: the rules to change.
2. Write the new rules, one version on, to the symbol's partition of `orders`.
3. Wait until the book has announced that version, to everyone and to each shard. Two operators may
   write the same version: the book takes the first on its partition and says nothing to the other.
4. Tell clients what the book announced, be it ours or not.

A crash between 2 and 4 leaves the clients' topic behind the book. The next change finds out: the
book does not answer to a version that it has, and what it said before is looked up and told.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

from partita.deploy.announced import Announcements, Past, announced_before
from partita.deploy.listing import clients_topic, tell_clients, write_rules
from partita.log.kafka.admin import Admin
from partita.log.kafka.sender import Sender
from partita.matchers.rules import wrong_rules
from partita.schemas.errors import InvalidValue, PartitaError
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOK

# How long the book may take to answer: a matcher that was killed is back by then.
WAIT_S = 15
# A book answers within milliseconds. When this is over it is time to look what it said before.
_SILENCE_S = 2.0
_READ_S = 0.1
# What the book said is looked for from the last telling of clients on, less this: brokers' clocks
# differ, and a slow operator may have told clients of a version long after the next was announced.
_BEFORE_MS = 600_000


class ChangeOvertaken(PartitaError):
    """Another change of a symbol's rules came first; this one had no effect there."""

    def __init__(self, in_force: Iterable[Instrument]) -> None:
        symbols = ", ".join(f"{rules.symbol} (version {rules.version})" for rules in in_force)
        super().__init__(
            f"another change came first, and yours had no effect, on {symbols}. Look at the rules"
            " that are in force now, and do it again if it is still wanted"
        )


class ChangeUnanswered(PartitaError):
    """A change of rules is on the log, and no book has answered: it may or may not take effect."""


class Settled(NamedTuple):
    """What became of the rules that were written."""

    taken: tuple[Instrument, ...]  # they are in force
    overtaken: tuple[Instrument, ...]  # what is in force instead of others
    unanswered: tuple[Instrument, ...]  # it is not known
    unheard: tuple[Instrument, ...]  # in force, but not every shard is known to have heard


class RulesChange:
    """One change, of any number of symbols; a context manager."""

    def __init__(self, bootstrap: str) -> None:
        """Begin. Raises LogUnavailable and TopicMissing when there is no exchange."""
        shape = Admin(bootstrap).shape()
        self.partitions = shape.partitions
        # First: one that is used at once waits half a second for the broker to know it. By the time
        # all is read it is known.
        self.sender = Sender(bootstrap)
        self._bootstrap = bootstrap
        self._shards = range(shape.shards)
        self._book = Announcements(bootstrap, BOOK, range(shape.partitions))
        try:
            self._reports = Announcements(bootstrap, ACCOUNT_COMMANDS, self._shards)
        except BaseException:
            self._book.close()
            raise
        # By number of the instrument:
        self._written: dict[int, Instrument] = {}
        self._answers: dict[int, Instrument] = {}
        self._unheard: dict[int, set[int]] = {}  # the shards that have not heard
        self._listed: dict[str, Instrument] = {}
        self._times_ms: dict[str, int] = {}
        self.read()

    def read(self) -> None:
        """Read again what clients are told."""
        topic = clients_topic(self._bootstrap)
        self._listed, self._times_ms = dict(topic.instruments), dict(topic.times_ms)

    @property
    def listed(self) -> Mapping[str, Instrument]:
        """The rules by symbol, as far as they are known."""
        return self._listed

    def write(self, changed: Iterable[Instrument]) -> None:
        """Write new rules to their books.

        Raises:
            InvalidValue: no book would take them; nothing is written.
            DeliveryFailed: they may or may not be on the log; do it again.
        """
        new = list(changed)
        for rules in new:
            known = self._listed.get(rules.symbol)
            if (wrong := wrong_rules(rules, known, rules.partition)) is not None:
                raise InvalidValue("rules", rules.symbol, wrong)
        if not new:
            return
        write_rules(self.sender, new)
        for rules in new:
            self._written[rules.instrument_id] = rules
            self._unheard[rules.instrument_id] = set(self._shards)

    def look_back(self, symbols: Collection[str], deadline_s: float) -> Past:
        """Return what books announced of these symbols since clients were told, until this began.

        What is newer than what clients are told becomes known; `tell` tells it.

        Raises:
            LogError: the topic cannot be read.
        """
        if not symbols:
            return Past({}, whole=True)
        partitions = {self._listed[symbol].partition for symbol in symbols}
        ends = {partition: self._book.since[partition] for partition in sorted(partitions)}
        told_ms = {symbol: self._times_ms[symbol] - _BEFORE_MS for symbol in symbols}
        past = announced_before(self._bootstrap, ends, told_ms, deadline_s)
        for symbol, rules in past.newest.items():
            if rules.version > self._listed[symbol].version:
                self._listed[symbol] = rules
        return past

    def settle(self, wait_s: float) -> Settled:
        """Wait until the books have answered to all that was written, at most so long.

        Raises:
            LogError: what they say cannot be read.
        """
        began_s = time.monotonic()
        looked = False
        while (silent := self._silent()) and time.monotonic() - began_s < wait_s:
            for _, rules in self._book.read(silent, _READ_S):
                self._answer(rules)
            if not looked and time.monotonic() - began_s > _SILENCE_S:
                looked = True
                for rules in self.look_back(self._silent(), began_s + wait_s).newest.values():
                    if self._answer(rules):
                        self._unheard[rules.instrument_id].clear()  # that was long ago
        while (left := self._left_unheard()) and time.monotonic() - began_s < wait_s:
            for shard, rules in self._reports.read([rules.symbol for rules in left], _READ_S):
                if rules.version >= self._written[rules.instrument_id].version:
                    self._unheard[rules.instrument_id].discard(shard)
        written, answers = self._written.items(), self._answers
        return Settled(
            tuple(new for at, new in written if answers.get(at) == new),
            tuple(answers[at] for at, new in written if at in answers and answers[at] != new),
            tuple(new for at, new in written if at not in answers),
            tuple(self._left_unheard()),
        )

    def _silent(self) -> list[str]:
        """Return the symbols whose books have not answered."""
        return [new.symbol for at, new in self._written.items() if at not in self._answers]

    def _answer(self, rules: Instrument) -> bool:
        """Take what a book announced; return whether it is its answer: the first that can be."""
        written = self._written.get(rules.instrument_id)
        if written is None or rules.version < written.version:
            return False
        return self._answers.setdefault(rules.instrument_id, rules) is rules

    def _left_unheard(self) -> list[Instrument]:
        """Return what is in force and not every shard has heard of."""
        return [new for at, new in self._answers.items() if self._unheard[at]]

    def tell(self, announced: Iterable[Instrument]) -> None:
        """Tell clients of these rules, and of what looking back has found.

        Raises:
            ListedAtOnce, LogUnavailable, DeliveryFailed: do it again.
        """
        newest = dict(self._listed)
        for rules in announced:
            known = newest.get(rules.symbol)
            if known is None or known.version <= rules.version:
                newest[rules.symbol] = rules
        self._listed = dict(tell_clients(self._bootstrap, self.sender, newest.values()))

    def close(self) -> None:
        """Let go of the connections."""
        self._book.close()
        self._reports.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()
