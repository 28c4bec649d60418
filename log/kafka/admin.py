"""The cluster as an operator sees it: its topics made, checked and measured."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from partita.log.kafka.facts import read_facts
from partita.log.kafka.fitness import (
    MESSAGE_BYTES_MAX,
    ClusterFacts,
    ExchangeShape,
    check_absent,
    check_asked,
    check_topics,
    shape_of,
)
from partita.log.kafka.replication import REPLICAS_MIN, check_replication, check_room
from partita.schemas.errors import LogError, LogUnavailable
from partita.schemas.topics import TOPICS, TopicRule, partitions_of

__all__ = ["Admin", "ExchangeShape"]

_TIMEOUT_S = 15.0
# Longer than a broker takes to answer, shorter than a person waits to hear that there is none.
_FIRST_ANSWER_S = 5.0
_LOOK_AGAIN_S = 0.05


class Admin:
    """An operator's connection."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def partition_counts(self, timeout_s: float = _FIRST_ANSWER_S) -> dict[str, int]:
        """Return how many partitions each topic of the cluster has.

        Raises:
            LogUnavailable: no broker answers.
        """
        try:
            found = self._client.list_topics(timeout=timeout_s).topics
        except KafkaException as error:
            raise LogUnavailable(
                f"no Kafka broker answers at {self._bootstrap}: {error.args[0].str()}"
            ) from error
        return {name: len(topic.partitions) for name, topic in found.items()}

    def cluster_id(self, timeout_s: float = _FIRST_ANSWER_S) -> str:
        """Return the cluster's own name for itself.

        Raises:
            LogUnavailable: no broker answers.
        """
        self.partition_counts(timeout_s)
        return str(self._client.list_topics(timeout=timeout_s).cluster_id)

    def shape(self) -> ExchangeShape:
        """Return how the exchange on this cluster is cut.

        Raises:
            LogUnavailable: no broker answers.
            TopicMissing: there is no exchange on this cluster.
        """
        return shape_of(self.partition_counts(), self._bootstrap)

    def check_fitness(self, *, allow_unsafe_replication: bool = False) -> ExchangeShape:
        """Check that the cluster and its topics can carry the exchange; change nothing.

        Returns how the exchange is cut. Unsafe replication is for the embedded one-node cluster,
        and for others only where the operator allows it.

        Raises:
            LogUnavailable: no broker answers.
            TopicMissing: there is no exchange on this cluster.
            WrongPartitions, WrongCleanup, UnsafeReplication, TopicUnfit: it cannot.
        """
        shape = self.shape()
        cluster = self._cluster([rule.name for rule in TOPICS])
        check_topics(cluster.topics, shape)
        if not (cluster.embedded or allow_unsafe_replication):
            check_replication(cluster.topics)
        return shape

    def topic_ids(self) -> dict[str, str]:
        """Return Kafka's own id of each topic: a topic that was made again has another one.

        Raises:
            LogUnavailable: no broker answers.
            TopicMissing: there is no exchange on this cluster.
        """
        self.shape()
        found = self._cluster([rule.name for rule in TOPICS]).topics
        return {name: topic.topic_id for name, topic in found.items()}

    def create_topics(
        self,
        shards: int,
        partitions: int,
        replication: int | None = None,
        *,
        allow_unsafe_replication: bool = False,
    ) -> None:
        """Create the topics that are missing, once those that are there have been checked.

        Without a replication each topic is on three brokers, or on all where there are fewer.

        Raises:
            LogUnavailable: no broker answers.
            WrongPartitions, WrongCleanup, UnsafeReplication, TopicUnfit: nothing was created.
            LogTruncated: a topic of an exchange that has run is gone; nothing was created.
            LogError: the cluster refused.
        """
        counts, asked = self.partition_counts(), ExchangeShape(shards, partitions)
        cluster = self._cluster([rule.name for rule in TOPICS if rule.name in counts])
        replicas = replication or min(REPLICAS_MIN, cluster.brokers)
        guarded = not (cluster.embedded or allow_unsafe_replication)
        check_asked(cluster.topics, asked)
        check_topics(cluster.topics, asked)
        if guarded:
            check_replication(cluster.topics)
        missing = [rule for rule in TOPICS if rule.name not in counts]
        if missing:
            check_absent(
                [rule.name for rule in missing],
                [
                    name
                    for name, topic in cluster.topics.items()
                    if any(self.sizes(name, topic.partitions).values())
                ],
            )
            if guarded:
                check_room(cluster.brokers, replicas)
            self._create(missing, asked, replicas)
            # Another `up` may have been faster, with topics of another cut.
            made = self._cluster([rule.name for rule in TOPICS])
            check_topics(made.topics, asked)
            self._await_leaders(made)

    def _create(self, rules: Sequence[TopicRule], shape: ExchangeShape, replicas: int) -> None:
        topics = [
            NewTopic(
                rule.name,
                partitions_of(rule, *shape),
                replicas,
                config=topic_settings(rule, replicas),
            )
            for rule in rules
        ]
        for name, made in self._client.create_topics(topics, operation_timeout=_TIMEOUT_S).items():
            try:
                made.result(_TIMEOUT_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise LogError(f"cannot create {name}: {error.args[0].str()}") from error

    def _await_leaders(self, cluster: ClusterFacts) -> None:
        """Wait until every partition answers: one made a moment ago has no leader at first."""
        ask = {
            TopicPartition(name, p): OffsetSpec.latest()
            for name, topic in cluster.topics.items()
            for p in range(topic.partitions)
        }
        deadline_s = time.monotonic() + _TIMEOUT_S
        while True:
            try:
                for answer in self._client.list_offsets(ask).values():
                    answer.result(_TIMEOUT_S)
            except KafkaException as error:
                if time.monotonic() > deadline_s:
                    raise LogError(f"the topics do not come to life: {error}") from error
                time.sleep(_LOOK_AGAIN_S)
            else:
                return

    def _cluster(self, topics: Sequence[str]) -> ClusterFacts:
        return read_facts(self._client, topics, _TIMEOUT_S)

    def ranges(self, topic: str, partitions: int) -> dict[int, tuple[int, int]]:
        """Return (offset of the first record kept, offset behind the last) of each partition."""
        starts, ends = (
            self._offsets(topic, partitions, spec)
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        )
        return {p: (starts[p], ends[p]) for p in range(partitions)}

    def sizes(self, topic: str, partitions: int) -> dict[int, int]:
        """Return the offset behind the last record of each partition of a topic."""
        return self._offsets(topic, partitions, OffsetSpec.latest())

    def _offsets(self, topic: str, partitions: int, spec: OffsetSpec) -> dict[int, int]:
        ask = {TopicPartition(topic, p): spec for p in range(partitions)}
        found = self._client.list_offsets(ask)
        return {where.partition: int(_answer(f).offset) for where, f in found.items()}

    def newest_ms(self, topic: str, partitions: int) -> dict[int, int | None]:
        """Return the log time of the newest record of each partition; None where there is none."""
        ask = {TopicPartition(topic, p): OffsetSpec.max_timestamp() for p in range(partitions)}
        found = {
            where.partition: int(_answer(asked).timestamp)
            for where, asked in self._client.list_offsets(ask).items()
        }
        return {p: time_ms if time_ms >= 0 else None for p, time_ms in found.items()}

    def positions(self, group: str) -> dict[int, int]:
        """Return how far the workers of a group say they are, by partition; for monitoring."""
        ask: Sequence[ConsumerGroupTopicPartitions] = [ConsumerGroupTopicPartitions(group)]
        answer = _answer(self._client.list_consumer_group_offsets(list(ask))[group])
        return {p.partition: p.offset for p in answer.topic_partitions}

    def members(self, group: str) -> dict[str, list[int]]:
        """Return the members of a group with the partitions each owns."""
        described = _answer(self._client.describe_consumer_groups([group])[group])
        return {
            member.client_id: sorted(p.partition for p in member.assignment.topic_partitions)
            for member in described.members
        }


def _answer(asked: Future[Any]) -> Any:
    """Return what the cluster answers. Raises LogError when it does not, or refuses."""
    try:
        return asked.result(_TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        raise LogError(f"the cluster does not answer: {error}") from error


def topic_settings(rule: TopicRule, replication: int) -> dict[str, str]:
    """Return what a topic of the exchange is told, by Kafka's names."""
    return {
        "cleanup.policy": rule.cleanup,
        # The machines' time is the broker's time at the append.
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(rule.retention_ms),
        "retention.bytes": "-1",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        # An acknowledged record is on every replica but one.
        "min.insync.replicas": str(max(1, replication - 1)),
        "unclean.leader.election.enable": "false",
        **dict(rule.settings),
    }
