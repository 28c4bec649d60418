"""What was sent under each id, and what was answered: who asked for what the shard says.

An id belongs to the first content that the shard takes. As clients may send other content under it,
and as nothing says in which order copies came to the log, all contents that were sent are kept.
"""

from collections import deque
from collections.abc import Iterator

from partita.schemas.accounts import Accepted, Received, Rejected
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Transfer
from partita.schemas.limits import ID_CHARACTERS_MAX, ID_MARGIN_MS, LIFE_REMEMBERED_MS_MAX

Key = tuple[int, str]  # account, command_id as an answer says it
Request = Cancel | Amend | CancelAll  # what a book answers
Answer = Received | Accepted | Rejected


def key_of(command: Command) -> Key:
    """Return under what an answer names a command."""
    return command.account, command.command_id[:ID_CHARACTERS_MAX]


def digest(*values: object) -> int:
    """Return a hash of some values; equal ones have equal hashes within one process."""
    return hash((*(type(value).__name__ for value in values), *values))


class Said:
    """One content, and until when each of its copies may be taken."""

    __slots__ = ("command", "lives_ms")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.lives_ms = [command.valid_until_ms]

    def is_repeated_by(self, command: Command) -> bool:
        """Return whether a command is this content again; how long it may live is no content."""
        mine = self.command
        if type(mine) is not type(command):
            return False
        return mine[:2] == command[:2] and mine[3:] == command[3:]


class Asked:
    """All that was sent under one id, and the answer that the shard must remember."""

    __slots__ = ("answer", "contents", "is_doubtful", "known_until_ms", "owner")

    def __init__(self) -> None:
        self.contents: list[Said] = []
        self.owner: Said | None = None  # the content that was answered
        self.answer = 0  # its digest, 0 before there is one
        self.known_until_ms: int | None = None  # None: for ever
        self.is_doubtful = False  # the answer may have been to an inquiry, which is not remembered

    def add(self, command: Command) -> None:
        """Note that a command was sent."""
        for said in self.contents:
            if said.is_repeated_by(command):
                if command.valid_until_ms not in said.lives_ms:
                    said.lives_ms.append(command.valid_until_ms)
                return
        self.contents.append(Said(command))

    def answered(self, said: Said, event: Answer, time_ms: int) -> None:
        """Note the first answer to one of the contents."""
        self.owner = said
        self.answer = digest(event)
        if isinstance(said.command, Transfer) and isinstance(event, Accepted):
            self.known_until_ms = None
            return
        # The copy that was taken had not ended its life; which one it was is not known. A request
        # was taken some time before its answer.
        lives_ms = said.lives_ms
        if not isinstance(said.command, Request):
            lives_ms = [life_ms for life_ms in lives_ms if life_ms >= time_ms] or lives_ms
        until_ms = min(*lives_ms, time_ms + LIFE_REMEMBERED_MS_MAX)
        self.known_until_ms = max(until_ms + ID_MARGIN_MS, time_ms)

    def is_surely_known(self, time_ms: int) -> bool:
        """Return whether the shard must remember the answer now."""
        if not self.answer or self.is_doubtful:
            return False
        return self.known_until_ms is None or time_ms <= self.known_until_ms

    def may_be_used_otherwise(self) -> bool:
        """Return whether the shard may know the id by one content while another was sent."""
        if len(self.contents) < 2:
            return False
        # A request has an owner from when it is taken, which may be before its answer.
        return self.owner is not None or any(
            isinstance(said.command, Request) for said in self.contents
        )

    def forgotten_ms(self, time_ms: int) -> int:
        """Return from when on the shard surely knows nothing of it; it was answered or done now."""
        last_ms = max(life_ms for said in self.contents for life_ms in said.lives_ms)
        return max(last_ms, time_ms) + ID_MARGIN_MS + 1


class Memory:
    """The ids of all shards."""

    def __init__(self) -> None:
        self._asked: dict[Key, Asked] = {}
        # By account: commands that a book answers, and whose answer has not come.
        self._requests: dict[int, dict[Key, list[Said]]] = {}
        self._due: dict[int, deque[tuple[int, Key]]] = {}  # by shard

    def sent(self, command: Command) -> None:
        """Note that a command was sent."""
        key = key_of(command)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = Asked()
        asked.add(command)
        if isinstance(command, Request) and asked.answer == 0:
            self._requests.setdefault(command.account, {})[key] = asked.contents

    def find(self, account: int, command_id: str) -> Asked | None:
        """Return what was sent under an id."""
        return self._asked.get((account, command_id))

    def requests(self, account: int) -> Iterator[tuple[Key, Request]]:
        """Give the account's cancels, amends and cancel-alls that are not answered."""
        for key, contents in self._requests.get(account, {}).items():
            for said in contents:
                if isinstance(said.command, Request):
                    yield key, said.command

    def answered(self, shard: int, asked: Asked, said: Said, event: Answer, time_ms: int) -> None:
        """Note the first answer to a command."""
        asked.answered(said, event, time_ms)
        key = event.account, event.command_id
        requests = self._requests.get(event.account)
        if requests is not None and requests.pop(key, None) is not None and not requests:
            del self._requests[event.account]
        if not isinstance(event, Received) and asked.known_until_ms is not None:
            self.forget_later(shard, key, time_ms)

    def forget_later(self, shard: int, key: Key, time_ms: int) -> None:
        """Let an id go when the shard has surely forgotten it, too."""
        due_ms = self._asked[key].forgotten_ms(time_ms)
        self._due.setdefault(shard, deque()).append((due_ms, key))

    def forget(self, shard: int, time_ms: int) -> Iterator[Key]:
        """Give the ids that the shard has surely forgotten, as far as they are due; see drop."""
        due = self._due.get(shard)
        while due and due[0][0] < time_ms:
            _, key = due.popleft()
            asked = self._asked.get(key)
            if asked is None:
                continue
            # Copies were sent since, with longer lives; or a book has yet to answer under this id.
            due_ms = asked.forgotten_ms(time_ms if key in self._requests.get(key[0], ()) else 0)
            if due_ms >= time_ms:
                due.append((due_ms, key))
            else:
                yield key

    def drop(self, key: Key) -> None:
        """Forget an id."""
        del self._asked[key]
