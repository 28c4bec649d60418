"""Invariant 9 for the rest: every command on the log is answered, once; a repeat hears the same."""

from simulation.checkers.base import Checker
from simulation.sightings import Noted, Seen
from simulation.venue import Venue

from partita.schemas.accounts import Accepted, Answered, Received, Rejected
from partita.schemas.commands import Command, CommandBatch, Inquire
from partita.schemas.limits import ID_CHARACTERS_MAX
from partita.schemas.reasons import Reason

Answer = Received | Accepted | Rejected | Answered

# What is answered without being remembered.
_PASSING = {
    Reason.DUPLICATE_ID,
    Reason.COMMAND_EXPIRED,
    Reason.INVALID_ID,
    Reason.INVALID_ACCOUNT,
}


class Answers(Checker):
    """One first answer for each id; repeats get the same."""

    name = "answers"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._logged: dict[tuple[int, str], list[Command]] = {}
        self._first: dict[tuple[int, str], Answer] = {}
        self._answers: dict[tuple[int, str], int] = {}

    def note(self, noted: Noted) -> None:
        """Remember the commands on the log."""
        if isinstance(noted.message, CommandBatch):
            for command in noted.message.commands:
                key = command.account, command.command_id[:ID_CHARACTERS_MAX]
                self._logged.setdefault(key, []).append(command)

    def see(self, seen: Seen) -> None:
        """Follow the answers."""
        event = seen.event
        if not isinstance(event, Received | Accepted | Rejected | Answered):
            return
        key = event.account, event.command_id
        self.require(key in self._logged, f"nobody asked for {event}")
        self._answers[key] = self._answers.get(key, 0) + 1
        if isinstance(event, Answered) or (
            isinstance(event, Rejected) and event.reason in _PASSING
        ):
            return
        if any(isinstance(command, Inquire) for command in self._logged[key]):
            return
        if event.account < 1 or event.command_id not in _lasting_ids(self._logged[key]):
            return  # an invalid name is not remembered, whatever else is wrong
        first = self._first.get(key)
        if event.repeated:
            if first is None:
                self.fail(f"a repeat before the first: {event}")
            same = type(first) is type(event) and first._replace(repeated=True) == event
            self.require(same, f"{event} repeats {first}")
        else:
            self.require(first is None, f"{event} is a second first answer after {first}")
            self._first[key] = event

    def at_rest(self) -> None:
        """Check that every command was answered, none more often than it was asked."""
        for key, logged in self._logged.items():
            answers = self._answers.get(key, 0)
            self.require(answers > 0, f"never answered: {logged[0]}")
            self.require(answers <= len(logged), f"{answers} answers to {len(logged)} of {key}")


def _lasting_ids(commands: list[Command]) -> set[str]:
    """Return the ids that a shard may remember."""
    return {
        command.command_id
        for command in commands
        if 1 <= len(command.command_id) <= ID_CHARACTERS_MAX and command.command_id.isascii()
    }
