"""What a worker knows of the log beside its own input: bounds, compacted topics, other workers."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, DeletedRecords

from partita.log.kafka import settings
from partita.log.kafka.admin import Admin
from partita.log.kafka.messages import readable, record_of
from partita.log.port import Record
from partita.schemas.errors import LogError, LogUnavailable
from partita.schemas.topics import EVENT_TOPICS

_ANSWER_S = 15.0
_READ_RECORDS_MAX = 1_000

_LOGGER = logging.getLogger("partita.log.kafka")


class Around:
    """Connections of their own, so that nothing here is in the way of the input."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = Admin(bootstrap)
        self._client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._follower = Consumer(settings.following(bootstrap))
        self._followed: set[tuple[str, int]] = set()
        self._trims: list[Future[DeletedRecords]] = []

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the offsets of the first kept record and of the end; see Log."""
        where = TopicPartition(topic, partition)
        try:
            low, high = self._follower.get_watermark_offsets(where, timeout=_ANSWER_S)
        except KafkaException as error:
            raise LogUnavailable(
                f"no answer about {topic}/{partition} from {self._bootstrap}: {error}"
            ) from error
        return low, high

    def trim(self, topic: str, partition: int, offset: int) -> None:
        """Ask the broker to let go of what is below an offset; it takes its time."""
        for trim in [trim for trim in self._trims if trim.done()]:
            self._trims.remove(trim)
            if (error := trim.exception()) is not None:  # the next trim asks for more
                _LOGGER.warning("cannot trim %s/%d: %s", topic, partition, error)
        asked = self._client.delete_records([TopicPartition(topic, partition, offset)])
        self._trims.extend(asked.values())

    def read(self, topic: str, partition: int) -> list[Record]:
        """Return all that a compacted partition holds; see Log."""
        # To the client's word that this is the end, not to an offset: compaction and old tombstones
        # may have taken the last records.
        consumer = Consumer(settings.reading(self._bootstrap) | {"enable.partition.eof": True})
        try:
            start, _ = self.bounds(topic, partition)
            consumer.assign([TopicPartition(topic, partition, start)])
            found: list[Record] = []
            while True:
                messages = consumer.consume(_READ_RECORDS_MAX, _ANSWER_S)
                if not messages:
                    raise LogUnavailable(f"{topic}/{partition}: nothing came in {_ANSWER_S:g} s")
                found.extend(map(record_of, readable(messages)))
                last = messages[-1].error()
                if last is not None and last.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - a public code
                    return found
        finally:
            consumer.close()

    def follow(self, topic: str, partition: int, offset: int) -> None:
        """Hear what comes to a partition from an offset on."""
        self.unfollow(topic, partition)
        self._followed.add((topic, partition))
        self._follower.incremental_assign([TopicPartition(topic, partition, offset)])

    def unfollow(self, topic: str, partition: int) -> None:
        """Hear no more of it."""
        if (topic, partition) in self._followed:
            self._followed.remove((topic, partition))
            self._follower.incremental_unassign([TopicPartition(topic, partition)])

    def news(self) -> list[tuple[str, Record]]:
        """Return what has come to the followed partitions; see Log."""
        if not self._followed:
            return []
        messages = readable(self._follower.consume(_READ_RECORDS_MAX, 0))
        return [(message.topic() or "", record_of(message)) for message in messages]

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each event topic."""
        ids = self._admin.topic_ids()
        return {topic: ids[topic] for topic in EVENT_TOPICS}

    def owned_by(self, groups: Sequence[str], partition: int) -> bool:
        """Return whether a member of one of these groups has a partition now."""
        return any(
            partition in owned for group in groups for owned in self._admin.members(group).values()
        )

    def close(self) -> None:
        """Let go of the connections."""
        try:
            self._follower.close()
        except KafkaException as error:
            raise LogError(f"cannot close: {error}") from error
