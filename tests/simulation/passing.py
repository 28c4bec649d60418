"""Places at which partitions are parked, and the operator who lets them go past."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from simulation.broker import Broker, Place

from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.operations import Pass
from partita.schemas.topics import PASSES


@dataclass
class Due:
    """A pass that the operator is to give."""

    place: Place
    step: int
    wrong: bool  # it names another record first
    moves: bool  # what a parked worker has beside the place moves in the same moment


class Operator:
    """Gives passes some time after a partition was parked, now and then a wrong one first."""

    def __init__(self, log: Broker, move_beside: Callable[[Place], None]) -> None:
        self.due: list[Due] = []
        self.passed: set[Place] = set()  # by a right pass
        self._log = log
        self._move_beside = move_beside

    def act(self, step: int) -> str:
        """Give what is due; return what it was."""
        for due in self.due:
            if due.step <= step:
                if due.wrong:
                    due.wrong, due.step = False, step + 40
                    return self._give(due.place, hashlib.sha256(b"another record").digest())
                self.due.remove(due)
                return self._let_past(due)
        return ""

    def pass_all(self) -> int:
        """Give all passes that are to be given; return how many."""
        count = len(self.due)
        for due in self.due:
            self._let_past(due)
        self.due.clear()
        return count

    def _let_past(self, due: Due) -> str:
        if due.moves:
            self._move_beside(due.place)
        return self._give(due.place)

    def _give(self, place: Place, sha256: bytes | None = None) -> str:
        topic, partition, offset = place
        value = self._log.partitions[topic, partition][offset].value
        right = hashlib.sha256(value).digest()
        word = Pass(b"", topic, partition, offset, sha256 or right, "simulated")
        key = f"{topic}/{partition}/{offset}".encode()
        self._log.append(Outgoing(PASSES, 0, key, encode(word)))
        if sha256 is None:
            self.passed.add(place)
        which = "a wrong pass" if sha256 else "a pass"
        return f"the operator gives {which} for {offset} of {topic} {partition}"
