"""A shard's whole stream from the log, read without the exchange's own reader."""

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition
from histories.entries import Heard

from partita.schemas.accounts import AccountEventBatch
from partita.schemas.codec import decode
from partita.schemas.topics import ACCOUNT_EVENTS

LOG = -1  # the client number of what was read from the log
_PATIENCE_S = 30.0


def shard_stream(bootstrap: str, shard: int) -> Iterator[Heard]:
    """Give all events of a shard that stand on the log now: each number once, the first of each.

    Raises:
        KafkaException: the log cannot be read.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "partita-histories",  # required by the client; nothing is committed
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
        }
    )
    try:
        where = TopicPartition(ACCOUNT_EVENTS, shard, 0)
        first, end = consumer.get_watermark_offsets(where, timeout=_PATIENCE_S)
        consumer.assign([TopicPartition(ACCOUNT_EVENTS, shard, first)])
        last = 0
        for offset in range(first, end):
            message = consumer.poll(_PATIENCE_S)
            if message is None or message.error() is not None:
                raise KafkaException(f"{ACCOUNT_EVENTS}/{shard} at {offset}: {message}")
            batch = decode(message.value() or b"")
            assert isinstance(batch, AccountEventBatch), "the topic holds only these"
            for group in batch.groups:
                for number, event in enumerate(group.events, group.first):
                    if number == last + 1:
                        last = number
                        yield Heard(LOG, shard, number, group.time_ms, event)
    finally:
        consumer.close()
