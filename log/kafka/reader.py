"""A reader of whole partitions from where it is told, in no group."""

import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from partita.log.kafka import settings
from partita.log.kafka.bounds import bounds
from partita.log.kafka.messages import readable, record_of
from partita.log.port import Record

_READ_S = 1.0  # one wait for a record that is known to be there
# A broker that restarts is back well before this; past it the caller is told.
_SILENCE_MAX_S = 15.0


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

    def offsets_at(
        self, time_ms: int, partitions: Sequence[int], timeout_s: float = 10.0
    ) -> dict[int, int]:
        """Return the offset of the first record of each partition that is not older than a time.

        Where there is none it is the end.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        ask = [TopicPartition(self._topic, p, time_ms) for p in partitions]
        try:
            found = self._consumer.offsets_for_times(ask, timeout=timeout_s)
        except KafkaException as error:
            raise LogUnavailable(
                f"no answer about {self._topic} from {self._bootstrap}: {error}"
            ) from error
        ends = self.ends([at.partition for at in found if at.offset < 0], timeout_s)
        return {at.partition: ends.get(at.partition, at.offset) for at in found}

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

    def until(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[list[Record]]:
        """Yield the records of these partitions from the one offset to before the other.

        Raises:
            LogUnavailable: no record came for some time.
            LogError: reading cannot go on.
        """
        behind = {p for p, end in ends.items() if starts[p] < end}
        self.start({p: starts[p] for p in behind})
        heard_s = time.monotonic()
        while behind:
            found = self.read(_READ_S)
            if found:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > _SILENCE_MAX_S:
                raise LogUnavailable(
                    f"no record of {self._topic} from {self._bootstrap} in {_SILENCE_MAX_S:.0f} s,"
                    f" and partitions {sorted(behind)} are not read to their ends"
                )
            behind -= {r.partition for r in found if r.offset + 1 >= ends[r.partition]}
            yield [record for record in found if record.offset < ends[record.partition]]

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
