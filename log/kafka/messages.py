"""What a consumer gives, as records."""

from collections.abc import Sequence

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message

from partita.log.kafka import settings
from partita.log.port import Record
from partita.schemas.errors import LogError, TopicMissing


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
    return Record(partition, offset, time_ms, bytes(value or b""), message.key())


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
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - as above
            # Trimmed under a reader that is slow, or lost: when it starts again it finds out which.
            raise LogError(
                f"{message.topic()}/{message.partition()}: the record that comes next is not there"
                f" any more: {error.str()}"
            )
        elif error.fatal() or error.code() not in settings.PASSING:
            raise LogError(f"cannot read {message.topic()}: {error.str()}")
    return found
