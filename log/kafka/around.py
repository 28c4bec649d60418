"""What a worker knows of the log beside its own input: bounds, compacted topics, other workers."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, DeletedRecords

from partita.log.kafka import settings
from partita.log.kafka.admin import Admin
from partita.log.kafka.bounds import bounds
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
        # Not the follower: an answer would wait there behind a fetch that waits for news.
        self._asker = Consumer(settings.asking(bootstrap))
        self._followed: set[tuple[str, int]] = set()
        self._trims: list[Future[DeletedRecords]] = []

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the offsets of the first kept record and of the end; see Log."""
        return bounds(self._asker, topic, partition, _ANSWER_S)

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
        start, _ = self.bounds(topic, partition)
        where = TopicPartition(topic, partition, start)
        self._asker.assign([where])
        found: list[Record] = []
        # To the client's word that this is the end, not to an offset: compaction and old tombstones
        # may have taken the last records.
        ended = False
        while not ended:
            first = self._asker.poll(_ANSWER_S)
            if first is None:
                raise LogUnavailable(f"{topic}/{partition}: nothing came in {_ANSWER_S:g} s")
            # consume() with a timeout would wait for so many records or the whole of it.
            messages = [first, *self._asker.consume(_READ_RECORDS_MAX - 1, 0)]
            found.extend(map(record_of, readable(messages)))
            errors = [message.error() for message in messages]
            ended = any(e is not None and e.code() == KafkaError._PARTITION_EOF for e in errors)  # noqa: SLF001 - a public code
        self._asker.unassign()
        return found

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
        """Return whether a member of one of these groups has a partition now, or may have."""
        try:
            owned = [set(p) for group in groups for p in self._admin.members(group).values()]
        except LogError:  # a coordinator that has just started does not know its groups yet
            return True
        return any(partition in theirs for theirs in owned)

    def close(self) -> None:
        """Let go of the connections."""
        self._follower.close()
        self._asker.close()
