"""A reader of what partitions hold up to now, which stops there."""

import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from partita.log.kafka import settings
from partita.log.kafka.bounds import bounds
from partita.log.kafka.messages import readable, record_of
from partita.log.port import Record
from partita.schemas.errors import LogUnavailable

_ANSWER_S = 10.0
_READ_S = 1.0  # one wait for what is known to be there
_READ_RECORDS_MAX = 1_000
# A broker that restarts is back well before this; past it the caller is told.
_SILENCE_MAX_S = 15.0


class PastReader:
    """Reads some partitions of one topic from the one offset to before the other."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._bootstrap = bootstrap
        self._consumer = Consumer(settings.asking(bootstrap))

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the offsets of the first kept record of a partition and of its end.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        return bounds(self._consumer, self._topic, partition, _ANSWER_S)

    def offsets_at(self, time_ms: int, partitions: Sequence[int]) -> dict[int, int]:
        """Return the offset of the first record of each partition that is not older than a time.

        Where there is none it is the end.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        ask = [TopicPartition(self._topic, p, time_ms) for p in partitions]
        try:
            found = self._consumer.offsets_for_times(ask, timeout=_ANSWER_S)
        except KafkaException as error:
            raise LogUnavailable(f"no answer about {self._topic}: {error}") from error
        return {
            at.partition: at.offset if at.offset >= 0 else self.bounds(at.partition)[1]
            for at in found
        }

    def records(self, partition: int) -> Iterator[Record]:
        """Yield all that a partition holds as of now, in order; see between."""
        start, end = self.bounds(partition)
        for records in self.between({partition: start}, {partition: end}):
            yield from records

    def between(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[list[Record]]:
        """Yield the records of these partitions, from the one offset to before the other.

        Raises:
            LogUnavailable: nothing came for some time.
            LogError: reading cannot go on.
        """
        behind = {p for p, end in ends.items() if starts[p] < end}
        self._consumer.assign([TopicPartition(self._topic, p, starts[p]) for p in sorted(behind)])
        heard_s = time.monotonic()
        while behind:
            first = self._consumer.poll(_READ_S)
            if first is None:
                if time.monotonic() - heard_s > _SILENCE_MAX_S:
                    raise LogUnavailable(
                        f"nothing of {self._topic} came from {self._bootstrap} in"
                        f" {_SILENCE_MAX_S:.0f} s; partitions {sorted(behind)} are not read"
                    )
                continue
            # consume() with a timeout would wait for so many records or the whole of it.
            messages = [first, *self._consumer.consume(_READ_RECORDS_MAX - 1, 0)]
            found = [record_of(message) for message in readable(messages)]
            # Compaction may have taken the last records: then the client alone says that it is all.
            ended = {m.partition() for m in messages if _is_end(m)}
            if found or ended:
                heard_s = time.monotonic()
            behind -= {r.partition for r in found if r.offset + 1 >= ends[r.partition]}
            behind = {p for p in behind if p not in ended}
            yield [record for record in found if record.offset < ends[record.partition]]

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()


def _is_end(message: Message) -> bool:
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - a public code
