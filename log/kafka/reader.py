"""A reader of whole partitions from where it is told, in no group."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from partita.log.kafka import settings
from partita.log.kafka.bounds import bounds
from partita.log.kafka.messages import readable, record_of
from partita.log.port import Record


class Reader:
    """Reads some partitions of one topic from given offsets."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(settings.reading(bootstrap))

    def ends(self, partitions: Sequence[int], timeout_s: float = 10.0) -> dict[int, int]:
        """Return the offset behind the last record of each partition.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        return {p: self._range(p, timeout_s)[1] for p in partitions}

    def starts(self, partitions: Sequence[int], timeout_s: float = 10.0) -> dict[int, int]:
        """Return the offset of the first record of each partition that is kept.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        return {p: self._range(p, timeout_s)[0] for p in partitions}

    def _range(self, partition: int, timeout_s: float) -> tuple[int, int]:
        return bounds(self._consumer, self._topic, partition, timeout_s)

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions, each from its offset on, and no others."""
        self._consumer.assign(
            [TopicPartition(self._topic, p, offset) for p, offset in offsets.items()]
        )

    def read(self, timeout_s: float, records_max: int = 1_000) -> list[Record]:
        """Wait for one record at most timeout_s, then drain what is there without waiting.

        Raises:
            LogError: reading cannot go on.
        """
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(records_max - 1, 0)]
        return [record_of(message) for message in readable(messages)]

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
