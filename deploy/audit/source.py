"""Where an audit reads: nothing is written, no group is joined, no position is committed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from partita.log.kafka.around import Around
from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.schemas.errors import LogError

_LOOK_AGAIN_S = 0.05


class Overtaken(LogError):
    """What was to be read was trimmed meanwhile."""


class Source(Protocol):
    """A log to read from."""

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the offsets of the first kept record and of the end."""

    def records(
        self, topic: str, partition: int, first: int, end: int
    ) -> Iterator[Sequence[Record]]:
        """Yield the records from an offset up to another one, some at a time.

        Raises:
            Overtaken: they are not there any more.
        """

    def compacted(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds."""

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each event topic."""

    def wait(self, since_s: float) -> bool:
        """Wait a moment for more to come, since a monotonic time; False: no use in waiting."""


class KafkaSource:
    """Kafka; `patience_s` is how long is waited for what the workers have yet to say."""

    def __init__(self, bootstrap: str, patience_s: float) -> None:
        self._bootstrap = bootstrap
        self._patience_s = patience_s
        self._around = Around(bootstrap)

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return where a partition begins and ends."""
        return self._around.bounds(topic, partition)

    def records(
        self, topic: str, partition: int, first: int, end: int
    ) -> Iterator[Sequence[Record]]:
        """Yield records; see Source."""
        if first >= end:
            return
        reader = PastReader(self._bootstrap, topic)
        try:
            for records in reader.between({partition: first}, {partition: end}):
                if records:
                    first = records[-1].offset + 1
                    yield records
        except LogError as error:
            if self.bounds(topic, partition)[0] > first:
                raise Overtaken(
                    f"{topic}/{partition} was trimmed behind new snapshots while it was read"
                ) from error
            raise
        finally:
            reader.close()

    def compacted(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds."""
        return self._around.read(topic, partition)

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each event topic."""
        return self._around.topic_ids()

    def wait(self, since_s: float) -> bool:
        """Wait a moment; False when patience is at its end, and from then on."""
        if time.monotonic() - since_s >= self._patience_s:
            self._patience_s = 0.0  # what was not said by now is not said soon
            return False
        time.sleep(_LOOK_AGAIN_S)
        return True

    def close(self) -> None:
        """Let go of the connections."""
        self._around.close()
