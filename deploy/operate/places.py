"""Where a record is, as the operator types it."""

import re
from typing import NamedTuple, Self

from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import InvalidValue

_TOPIC_PARTITION_OFFSET = re.compile(r"([A-Za-z0-9._-]+)/([0-9]{1,9})/([0-9]{1,18})", re.ASCII)


class Place(NamedTuple):
    """Where a record is."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Return the place of a dead letter's record."""
        return cls(letter.topic, letter.partition, letter.offset)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that a text names: TOPIC/PARTITION/OFFSET. Raises InvalidValue."""
        found = _TOPIC_PARTITION_OFFSET.fullmatch(text)
        if found is None:
            raise InvalidValue("place", text, "must be TOPIC/PARTITION/OFFSET, as orders/0/17")
        return cls(found[1], int(found[2]), int(found[3]))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"
