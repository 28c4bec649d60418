"""How far a worker has got, by partition, kept by the cluster under a name of its own."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from partita.log.kafka import settings
from partita.schemas.errors import LogUnavailable

_ANSWER_S = 10.0


class Marks:
    """Offsets of a group that nobody is a member of.

    A mark that was not written for a week is forgotten, and anyone may set one back: a reader takes
    it as where to begin at the latest, and must be right without it.
    """

    def __init__(self, bootstrap: str, name: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(settings.asking(bootstrap) | {"group.id": name})

    def read(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the mark of each partition that has one.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        ask = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            found = self._consumer.committed(ask, timeout=_ANSWER_S)
        except KafkaException as error:
            raise LogUnavailable(f"no answer about marks on {self._topic}: {error}") from error
        return {at.partition: at.offset for at in found if at.offset >= 0}

    def write(self, marks: Mapping[int, int]) -> None:
        """Set marks, and wait for the cluster's answer.

        Raises:
            LogUnavailable: it did not answer, or refused.
        """
        at = [TopicPartition(self._topic, partition, mark) for partition, mark in marks.items()]
        try:
            self._consumer.commit(offsets=at, asynchronous=False)
        except KafkaException as error:
            raise LogUnavailable(f"cannot set marks on {self._topic}: {error}") from error

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
