"""The history of a run: what its clients did and heard, in the order in which they did.

It grows in a file, one line an entry, so that a long run costs no memory, and so that it can be
kept and checked again; or in a list, for short ones.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

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
from histories.lines import from_line, to_line

from partita.schemas.accounts import AccountEvent
from partita.schemas.commands import Command
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class History:
    """Takes entries one after another; gives them back in that order, as often as asked."""

    def __init__(
        self,
        shards: int,
        instruments: Sequence[Instrument],
        *,
        strangers: bool = False,
        path: Path | None = None,
    ) -> None:
        """Begin a history, in memory or in a new file at path."""
        self._entries: list[Entry] = []
        self._path = path
        self._file: TextIO | None = None if path is None else path.open("w")
        self._ops = 0
        self._add(Began(shards, strangers, tuple(instruments)))

    def _add(self, entry: Entry) -> None:
        if self._path is None:
            self._entries.append(entry)
        else:
            assert self._file is not None, "a closed history takes nothing more"
            self._file.write(to_line(entry) + "\n")

    def ruled(self, instrument: Instrument) -> None:
        """Note that the operator gives new rules; call it before they are sent."""
        self._add(Ruled(_now_ms(), instrument))

    def invoked(self, command: Command) -> int:
        """Note that an operation begins; call it before its command can be on the log.

        Return the operation's number.
        """
        self._ops += 1
        self._add(Invoked(self._ops, _now_ms(), command))
        return self._ops

    def ok(
        self, op: int, shard: int, number: int, time_ms: int, events: tuple[AccountEvent, ...]
    ) -> None:
        """Note what an operation was acknowledged with; see Ok."""
        self._add(Ok(op, _now_ms(), shard, number, time_ms, events))

    def refused(self, op: int, reason: Reason) -> None:
        """Note that an operation was rejected."""
        self._add(Refused(op, _now_ms(), reason))

    def unknown(self, op: int) -> None:
        """Note that an operation timed out."""
        self._add(Unknown(op, _now_ms()))

    def not_sent(self, command: Command, why: str) -> None:
        """Note that a command was not sent."""
        self._add(NotSent(_now_ms(), why, command))

    def heard(
        self, client: int, shard: int, number: int, time_ms: int, event: AccountEvent
    ) -> None:
        """Note an event of a client's private stream."""
        self._add(Heard(client, shard, number, time_ms, event))

    def entries(self) -> Iterator[Entry]:
        """Give all entries so far."""
        if self._path is None:
            yield from self._entries
            return
        if self._file is not None:
            self._file.flush()
        yield from kept(self._path)

    def close(self) -> None:
        """Take nothing more; a history in a file is whole now."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()


def kept(path: Path) -> Iterator[Entry]:
    """Give the entries of a history in a file.

    Raises:
        ValueError, KeyError: it is no history.
    """
    with path.open() as lines:
        yield from map(from_line, lines)
