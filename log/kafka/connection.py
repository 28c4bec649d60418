"""A worker's connection to Kafka: shares an input topic with its group, and sends."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from partita.log.kafka import settings
from partita.log.kafka.around import Around
from partita.log.kafka.messages import readable, record_of
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.schemas.errors import LogError

# One poll's worth: what a core takes in one go, and so how long a heartbeat may wait for it.
_POLL_RECORDS_MAX = 500


class KafkaConnection:
    """A `Log` on Kafka.

    Positions are the worker's own: offsets are committed for monitoring only, and never read.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        group: str,
        session_timeout_ms: int = 6_000,
        other_groups: Sequence[str] = (),
    ) -> None:
        """Join a group; the other groups are those of the other lines."""
        self._topic = topic
        self._other_groups = other_groups
        self._around = Around(bootstrap)
        self._owned: dict[int, int] = {}
        self._waiting: set[int] = set()  # owned, and not sought yet: nothing is read of them
        self._ownerships = 0
        self._sender = Sender(bootstrap)
        self._consumer = Consumer(settings.owning(bootstrap, group, session_timeout_ms))
        self._consumer.subscribe(
            [topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Where they are read from, `seek` says. The end is a place that there always is: at 0 a
        # fetch that gets away before the pause would fail once the input is trimmed. The end as a
        # number: OFFSET_END is looked up later, and the answer moves a partition that was sought
        # meanwhile (librdkafka 2.16: records are skipped without a word).
        at_end = [
            TopicPartition(self._topic, p.partition, self.bounds(p.partition)[1])
            for p in partitions
        ]
        consumer.incremental_assign(at_end)
        consumer.pause(at_end)
        for found in partitions:
            self._ownerships += 1
            self._owned[found.partition] = self._ownerships
            self._waiting.add(found.partition)

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_unassign(partitions)
        for found in partitions:
            self._owned.pop(found.partition, None)
            self._waiting.discard(found.partition)

    def poll(self, timeout_s: float) -> Sequence[Record]:
        """Wait for one record, then drain what is there without waiting; see Log."""
        self._sender.serve()
        first = self._consumer.poll(timeout_s)
        if first is None:
            return ()
        # consume(n, timeout) with a timeout would wait for n records or the whole of it.
        messages = [first, *self._consumer.consume(_POLL_RECORDS_MAX - 1, 0)]
        # What was fetched before a partition went away, or before `seek`, is not for the worker.
        return [
            record_of(message)
            for message in readable(messages)
            if message.partition() in self._owned and message.partition() not in self._waiting
        ]

    def owned(self) -> Mapping[int, int]:
        """Return the owned partitions with their ownership numbers."""
        return dict(self._owned)

    def seek(self, partition: int, offset: int) -> None:
        """Read an owned partition from an offset on."""
        self._waiting.discard(partition)
        where = TopicPartition(self._topic, partition, offset)
        # Assigned anew rather than sought: a seek needs a fetcher that is running already.
        self._consumer.incremental_unassign([where])
        self._consumer.incremental_assign([where])
        self._consumer.resume([where])

    def pause(self, partition: int) -> None:
        """Stop reading a partition and keep it."""
        self._consumer.pause([TopicPartition(self._topic, partition)])

    def send(self, outgoing: Outgoing) -> None:
        """Send a record; see Log."""
        self._sender.send(outgoing)

    def serve(self) -> None:
        """Hear what became of what was sent. Raises DeliveryFailed."""
        self._sender.serve()

    def barrier(self) -> int:
        """Draw a line under all that was sent so far; return its number."""
        return self._sender.barrier()

    def passed(self, barrier: int) -> bool:
        """Return whether all above a barrier is acknowledged."""
        return self._sender.passed(barrier)

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return where an input partition begins and ends; see Log."""
        return self._around.bounds(self._topic, partition)

    def trim(self, partition: int, offset: int) -> None:
        """Let go of records of an input partition; see Log."""
        self._around.trim(self._topic, partition, offset)

    def read(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds; see Log."""
        return self._around.read(topic, partition)

    def follow(self, topic: str, partition: int, offset: int) -> None:
        """Hear what comes to a compacted partition; see Log."""
        self._around.follow(topic, partition, offset)

    def unfollow(self, topic: str, partition: int) -> None:
        """Hear no more of it."""
        self._around.unfollow(topic, partition)

    def news(self) -> Sequence[tuple[str, Record]]:
        """Return what has come to the followed partitions; see Log."""
        return self._around.news()

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each topic."""
        return self._around.topic_ids()

    def elsewhere(self, partition: int) -> bool:
        """Return whether another line's worker has this partition now."""
        return self._around.owned_by(self._other_groups, partition)

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was sent is acknowledged; see Log."""
        self._sender.flush(timeout_s)

    def commit(self, positions: Mapping[int, int]) -> None:
        """Tell the cluster how far this worker is, for monitoring; losing it does no harm."""
        try:
            self._consumer.commit(
                offsets=[TopicPartition(self._topic, p, offset) for p, offset in positions.items()],
                asynchronous=True,
            )
        except KafkaException as error:
            if error.args[0].code() not in settings.PASSING | {KafkaError._NO_OFFSET}:  # noqa: SLF001 - a public code
                raise LogError(f"cannot commit: {error}") from error

    def close(self) -> None:
        """Leave the group, so that others take the partitions at once."""
        self._consumer.close()
        self._around.close()
