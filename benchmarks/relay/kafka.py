"""The relay's way in and out, with the settings of the real path's clients."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.relay.shape import TOPICS, Shape
from partita.log.kafka import settings
from partita.log.kafka.admin import topic_settings
from partita.log.kafka.messages import readable
from partita.schemas import topics

_ROOM_WAIT_S = 0.005
_TIMEOUT_S = 30.0
# One poll's worth, as a worker takes it.
_POLL_RECORDS_MAX = 500


class Inbox:
    """Reads all partitions of a topic from their beginnings."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._consumer = Consumer(settings.reading(bootstrap))
        self._consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])

    def take(self, timeout_s: float) -> list[bytes]:
        """Wait for one record, then drain what is there without waiting; return the values."""
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(_POLL_RECORDS_MAX - 1, 0)]
        return [message.value() or b"" for message in readable(messages)]

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()


class Outbox:
    """Sends records to the relay's topics and counts them."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._producer = Producer(settings.producing(bootstrap))
        self._prefix = prefix
        self.records: Counter[str] = Counter()
        self.value_bytes: Counter[str] = Counter()

    def send(
        self, topic: str, partition: int, values: Iterable[bytes], key: bytes | None = None
    ) -> None:
        """Send records to a partition; wait only while too much is under way."""
        for value in values:
            while True:
                try:
                    self._producer.produce(self._prefix + topic, value, key, partition=partition)
                    break
                except BufferError:
                    self._producer.poll(_ROOM_WAIT_S)
            self.records[topic] += 1
            self.value_bytes[topic] += len(value)

    def serve(self) -> None:
        """Let the client library forget what has arrived."""
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until all has arrived."""
        self._producer.flush(_TIMEOUT_S)


@contextmanager
def relay_topics(bootstrap: str, shape: Shape) -> Iterator[str]:
    """Make topics like the exchange's, under another prefix, which it yields; then remove them."""
    prefix = f"relay{time.time_ns() // 1_000_000}-"
    rules = [rule for rule in topics.TOPICS if rule.name in TOPICS]
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    new = [
        NewTopic(
            prefix + rule.name,
            topics.partitions_of(rule, shape.shards, shape.partitions),
            replication_factor=1,
            config=topic_settings(rule, replication=1),
        )
        for rule in rules
    ]
    for made in admin.create_topics(new).values():
        made.result(_TIMEOUT_S)
    try:
        yield prefix
    finally:
        for gone in admin.delete_topics([prefix + rule.name for rule in rules]).values():
            gone.result(_TIMEOUT_S)
