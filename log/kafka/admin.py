"""The cluster as an operator sees it: its topics made, checked and measured."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)

from partita.schemas.errors import LogError, LogUnavailable, TopicMissing, TopicUnfit
from partita.schemas.limits import RECORD_BYTES_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS, TOPICS, TopicRule, partitions_of

_TIMEOUT_S = 15.0
# Longer than a broker takes to answer, shorter than a person waits to hear that there is none.
_FIRST_ANSWER_S = 5.0
_LOOK_AGAIN_S = 0.1


class ExchangeShape(NamedTuple):
    """How an exchange is cut, as its topics say."""

    shards: int
    partitions: int


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
        counts = self.partition_counts()
        missing = [rule.name for rule in TOPICS if rule.name not in counts]
        if missing:
            raise TopicMissing(
                f"no exchange at {self._bootstrap}: topics {', '.join(missing)} are missing;"
                " `partita up --bootstrap` creates them"
            )
        return ExchangeShape(counts[ACCOUNT_COMMANDS], counts[ORDERS])

    def create_topics(self, shards: int, partitions: int, replication: int) -> None:
        """Create the topics that are missing, and check those that are there.

        Raises:
            TopicUnfit: a topic has other partitions or settings than it must.
            LogError: the cluster refused.
        """
        counts = self.partition_counts()
        for rule in TOPICS:
            want = partitions_of(rule, shards, partitions)
            if (have := counts.get(rule.name, want)) != want:
                raise TopicUnfit(
                    f"{rule.name} has {have} partitions, not {want}; the number of shards and"
                    " partitions is fixed when the exchange is made"
                )
        new = [
            NewTopic(
                rule.name,
                partitions_of(rule, shards, partitions),
                replication,
                config=_topic_settings(rule, replication),
            )
            for rule in TOPICS
            if rule.name not in counts
        ]
        if new:
            self._create(new)
        self._check_settings()

    def _create(self, topics: list[NewTopic]) -> None:
        for name, made in self._client.create_topics(topics, operation_timeout=_TIMEOUT_S).items():
            try:
                made.result(_TIMEOUT_S)
            except KafkaException as error:
                # Another `up` was faster; the check that follows sees to the settings.
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise LogError(f"cannot create {name}: {error.args[0].str()}") from error

    def _check_settings(self) -> None:
        """Compare the topics' settings with the rules.

        A broker may not have heard yet of a topic that its controller has made a moment ago.
        """
        deadline_s = time.monotonic() + _TIMEOUT_S
        while True:
            try:
                self._compare_settings()
            except KafkaException as error:
                unknown = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
                if not unknown or time.monotonic() > deadline_s:
                    raise LogError(f"cannot read the topics' settings: {error}") from error
                time.sleep(_LOOK_AGAIN_S)
            else:
                return

    def _compare_settings(self) -> None:
        wanted = {
            rule.name: {
                "cleanup.policy": rule.cleanup,
                "message.timestamp.type": "LogAppendTime",
                "retention.ms": str(rule.retention_ms),
            }
            for rule in TOPICS
        }
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in wanted]
        for resource, answer in self._client.describe_configs(resources).items():
            found = answer.result(_TIMEOUT_S)
            for key, want in wanted[resource.name].items():
                if (have := found[key].value) != want:
                    raise TopicUnfit(f"{resource.name} has {key}={have}, and must have {want}")

    def topic_ids(self) -> dict[str, str]:
        """Return Kafka's own id of each topic."""
        names = [rule.name for rule in TOPICS]
        found = self._client.describe_topics(TopicCollection(names))
        return {name: str(_answer(topic).topic_id) for name, topic in found.items()}

    def sizes(self, topic: str, partitions: int) -> dict[int, int]:
        """Return the offset behind the last record of each partition of a topic."""
        ask = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(partitions)}
        found = self._client.list_offsets(ask)
        return {where.partition: int(_answer(f).offset) for where, f in found.items()}

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


def _topic_settings(rule: TopicRule, replication: int) -> dict[str, str]:
    return {
        "cleanup.policy": rule.cleanup,
        # The machines' time is the broker's time at the append.
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(rule.retention_ms),
        "retention.bytes": "-1",
        "max.message.bytes": str(RECORD_BYTES_MAX + 64 * 1024),
        # An acknowledged record is on every replica but one.
        "min.insync.replicas": str(max(1, replication - 1)),
        "unclean.leader.election.enable": "false",
        **dict(rule.settings),
    }
