"""The memory of command ids: a repeat gets the first answer, and can never outlive the memory.

An id is pinned while its request is pending or its order is open; a transfer's is pinned for ever.
Any other waits in a heap on machine time, exactly once, until it is forgotten. A repeat may come
with a later valid_until, from a caller that starts anew: it extends the memory, so that a late copy
of the repeat finds it, too.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator

from partita.ledger.state import Answer, KnownId
from partita.schemas.accounts import Received
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer
from partita.schemas.enums import OrderType, Side

_BUY, _MARKET = Side.BUY, OrderType.MARKET
# The kind and a place for the text of each field but valid_until_ms, parted by what no valid
# identifier contains.
_FORMS = {
    kind: "\x1f".join((kind.__name__, *("%s" for _ in kind._fields[1:])))
    for kind in (Place, Cancel, Amend, CancelAll, Transfer, Inquire)
}


def content(command: Command) -> bytes:
    """Return what tells a repeat from other content, 16 bytes.

    Blake2b over the kind and the fields as text, joined by the unit separator; without
    valid_until_ms, which says how long to try, not what to do.
    """
    text = _FORMS[type(command)] % (*command[:2], *command[3:])
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _kept(command: Command, answer: Answer | None) -> bytes:
    """Return the content to keep of a command: none of a place whose answer says all of it."""
    if not (isinstance(answer, Received) and isinstance(command, Place)):
        return content(command)
    # A market buy by size alone is answered with the funds that it may take.
    by_size = command.type is _MARKET and command.side is _BUY and command.funds == 0
    return content(command) if by_size else b""


class Known:
    """What is remembered of one id: the fields of partita.ledger.state.KnownId."""

    __slots__ = ("answer", "content", "keep_until_ms", "pinned")

    def __init__(
        self, content_: bytes, keep_until_ms: int, answer: Answer | None, *, pinned: bool
    ) -> None:
        self.content = content_
        self.keep_until_ms = keep_until_ms
        self.answer = answer
        self.pinned = pinned

    def is_of(self, command: Command) -> bool:
        """Return whether this is what is remembered of a command, under its id."""
        if self.content:
            return self.content == content(command)
        assert isinstance(self.answer, Received), "the answer to a place says all of it"
        return isinstance(command, Place) and command[3:] == self.answer[3:-1]


class Memory:
    """The ids of all accounts of a shard."""

    __slots__ = ("_due", "_known")

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Known] = {}
        self._due: list[tuple[int, int, str]] = []  # keep_until_ms, account, command_id

    def __len__(self) -> int:
        return len(self._known)

    def find(self, account: int, command_id: str) -> Known | None:
        """Return what is known of an id."""
        return self._known.get((account, command_id))

    def remember(
        self, command: Command, keep_until_ms: int, answer: Answer | None, *, pinned: bool
    ) -> None:
        """Take in a new command and its answer, None when the book will give it."""
        key = (command.account, command.command_id)
        assert key not in self._known, "an id is taken in once"
        self._known[key] = Known(_kept(command, answer), keep_until_ms, answer, pinned=pinned)
        if not pinned:
            heapq.heappush(self._due, (keep_until_ms, *key))

    def extend(self, account: int, command_id: str, keep_until_ms: int) -> None:
        """Keep an id until this time at least; its place in the heap follows when it comes up."""
        known = self._known[account, command_id]
        known.keep_until_ms = max(known.keep_until_ms, keep_until_ms)

    def answer(self, account: int, command_id: str, answer: Answer, time_ms: int) -> None:
        """Take in the answer that was pending."""
        known = self._known[account, command_id]
        assert known.answer is None, "a command is answered once"
        known.answer = answer
        self.release(account, command_id, time_ms)

    def release(self, account: int, command_id: str, keep_until_ms: int) -> None:
        """Unpin an id; it stays until this time, or its own if that is later."""
        known = self._known[account, command_id]
        assert known.pinned, "an id is unpinned once"
        known.pinned = False
        known.keep_until_ms = max(known.keep_until_ms, keep_until_ms)
        heapq.heappush(self._due, (known.keep_until_ms, account, command_id))

    def forget(self, time_ms: int) -> Iterator[Answer]:
        """Drop all ids that were to be kept until before this time; give their answers."""
        while self._due and self._due[0][0] < time_ms:
            _, account, command_id = heapq.heappop(self._due)
            keep_until_ms = self._known[account, command_id].keep_until_ms
            if keep_until_ms >= time_ms:  # extended since
                heapq.heappush(self._due, (keep_until_ms, account, command_id))
                continue
            answer = self._known.pop((account, command_id)).answer
            assert answer is not None, "a pending id is pinned"
            yield answer

    def ids(self) -> tuple[KnownId, ...]:
        """Return all that is remembered, by account and id."""
        return tuple(
            KnownId(
                *key,
                known.content,
                known.keep_until_ms,
                known.pinned,
                () if known.answer is None else (known.answer,),
            )
            for key, known in sorted(self._known.items(), key=lambda item: item[0])
        )

    @classmethod
    def restored(cls, ids: Iterable[KnownId]) -> "Memory":
        """Return the memory of these ids."""
        memory = cls()
        for row in ids:
            answer = row.answer[0] if row.answer else None
            known = Known(row.content, row.keep_until_ms, answer, pinned=row.pinned)
            memory._known[row.account, row.command_id] = known
            if not row.pinned:
                memory._due.append((row.keep_until_ms, row.account, row.command_id))
        heapq.heapify(memory._due)
        return memory

    def check(self, time_ms: int) -> None:
        """Assert that exactly the unpinned ids wait, none longer than it has to."""
        waiting = {key: k.keep_until_ms for key, k in self._known.items() if not k.pinned}
        due = sorted((account, command_id) for _, account, command_id in self._due)
        assert sorted(waiting) == due, "exactly the unpinned ids wait to be forgotten"
        for due_ms, account, command_id in self._due:
            assert due_ms <= waiting[account, command_id], "none comes up too late"
        assert all(keep_until_ms >= time_ms for keep_until_ms in waiting.values()), (
            "none is overdue"
        )
        for known in self._known.values():
            assert known.pinned or known.answer is not None, "a pending id is pinned"
