"""A worker's connection to Kafka: shares an input topic with its group, and sends."""

from collections.abc import Mapping, Sequence

from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from partita.log.kafka import settings
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.schemas.errors import LogError, TopicMissing

# One poll's worth: what a core takes in one go, and so how long a heartbeat may wait for it.
_POLL_RECORDS_MAX = 500


def record_of(message: Message) -> Record:
    """Return a message as a record."""
    partition, offset, value = message.partition(), message.offset(), message.value()
    assert partition is not None, "a consumed message has a partition"
    assert offset is not None, "a consumed message has an offset"
    kind, time_ms = message.timestamp()
    if kind != TIMESTAMP_LOG_APPEND_TIME:
        raise LogError(f"{message.topic()} has its clients' times, not the broker's: unfit")
    # A record without a value is a tombstone; on an event topic that is no event at all, which
    # the codec will say.
    return Record(partition, offset, time_ms, bytes(value or b""))


def readable(messages: Sequence[Message]) -> list[Message]:
    """Return the messages that are records.

    Raises:
        TopicMissing: the topic is not there.
        LogError: reading cannot go on.
    """
    found = []
    for message in messages:
        error = message.error()
        if error is None:
            found.append(message)
        elif error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):  # noqa: SLF001 - a public code
            raise TopicMissing(f"{message.topic()}: not on this cluster; `partita up` creates it")
        elif error.fatal() or error.code() not in settings.PASSING:
            raise LogError(f"cannot read {message.topic()}: {error.str()}")
    return found


class KafkaConnection:
    """A `Log` on Kafka.

    Positions are the worker's own: offsets are committed for monitoring only, and never read.
    """

    def __init__(
        self, bootstrap: str, topic: str, group: str, session_timeout_ms: int = 6_000
    ) -> None:
        self._topic = topic
        self._owned: dict[int, int] = {}
        self._waiting: set[int] = set()  # owned, and not sought yet: nothing is read of them
        self._ownerships = 0
        self._sender = Sender(bootstrap)
        self._consumer = Consumer(settings.owning(bootstrap, group, session_timeout_ms))
        self._consumer.subscribe(
            [topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        at_start = [TopicPartition(self._topic, found.partition, 0) for found in partitions]
        consumer.incremental_assign(at_start)
        consumer.pause(at_start)
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
        if offset:
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
