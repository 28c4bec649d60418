"""What an operator does to a cluster behind the exchange's back, and what can be seen of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)

from partita.log.kafka.admin import Admin
from partita.log.kafka.facts import read_facts
from partita.log.kafka.fitness import TopicFacts
from partita.schemas.errors import LogError
from partita.schemas.topics import TOPICS

ANSWER_S = 15.0


class Seen(NamedTuple):
    """All that can be seen of an exchange on a cluster."""

    counts: dict[str, int]  # partitions of all topics, Kafka's own too
    topics: dict[str, TopicFacts]  # identity, replicas and settings of the exchange's
    ranges: dict[str, dict[int, tuple[int, int]]]  # their offsets


class Operator:
    """Somebody with Kafka's own tools."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def look(self) -> Seen:
        """Return what can be seen."""
        admin = Admin(self._bootstrap)
        counts = admin.partition_counts()
        names = [rule.name for rule in TOPICS if rule.name in counts]
        topics = dict(read_facts(self._client, names, ANSWER_S).topics)
        return Seen(counts, topics, {name: admin.ranges(name, counts[name]) for name in names})

    def set(self, topic: str, key: str, value: str) -> None:
        """Set a topic's setting, and wait until a broker says so."""
        entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        self._client.incremental_alter_configs([resource])[resource].result(ANSWER_S)
        eventually(lambda: self.look().topics[topic].settings[key] == value)

    @contextmanager
    def setting(self, topic: str, key: str, value: str) -> Iterator[None]:
        """Set a topic's setting for a while."""
        was = self.look().topics[topic].settings[key]
        self.set(topic, key, value)
        try:
            yield
        finally:
            self.set(topic, key, was)

    def add_partitions(self, topic: str, count: int) -> None:
        """Give a topic so many partitions."""
        self._client.create_partitions([NewPartitions(topic, count)])[topic].result(ANSWER_S)
        eventually(lambda: self._serves(topic, count))

    def create(self, topic: str, partitions: int, replicas: int, settings: dict[str, str]) -> None:
        """Create a topic."""
        new = NewTopic(topic, partitions, replicas, config=settings)
        self._client.create_topics([new])[topic].result(ANSWER_S)
        eventually(lambda: self._serves(topic, partitions))

    def _serves(self, topic: str, partitions: int) -> bool:
        """Return whether a broker has so many partitions of a topic, and leads them all."""
        admin = Admin(self._bootstrap)
        try:
            return (
                partitions == admin.partition_counts().get(topic)
                and len(admin.ranges(topic, partitions)) == partitions
            )
        except LogError:  # a partition that was made a moment ago has no leader at first
            return False

    def make_again(self, topic: str, partitions: int) -> None:
        """Delete a topic, and create an empty one with the same replicas and settings."""
        was = self.look().topics[topic]
        self.delete(topic)
        self.create(topic, partitions, was.replicas, dict(was.settings))

    def truncate(self, topic: str) -> None:
        """Delete all records of a topic's first partition."""
        where = TopicPartition(topic, 0, OFFSET_END)
        self._client.delete_records([where])[where].result(ANSWER_S)

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until the cluster has forgotten it."""
        self._client.delete_topics([topic])[topic].result(ANSWER_S)
        eventually(lambda: topic not in self.look().counts)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds: what a controller has decided reaches its brokers later."""
    deadline_s = time.monotonic() + ANSWER_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.02)
