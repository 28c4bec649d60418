"""Where a partition begins and ends."""

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from partita.log.kafka import settings
from partita.schemas.errors import LogUnavailable

_LOOK_AGAIN_S = 0.05


def bounds(consumer: Consumer, topic: str, partition: int, timeout_s: float) -> tuple[int, int]:
    """Return the offsets of the first kept record of a partition and of its end.

    A broker that has just heard of a topic, or of a new leader, is asked again.

    Raises:
        LogUnavailable: no broker answered in time.
    """
    where, deadline_s = TopicPartition(topic, partition), time.monotonic() + timeout_s
    while True:
        try:
            low, high = consumer.get_watermark_offsets(where, timeout=timeout_s)
        except KafkaException as error:
            if (
                error.args[0].code() not in settings.PASSING
                or time.monotonic() + _LOOK_AGAIN_S > deadline_s
            ):
                raise LogUnavailable(f"no answer about {topic}/{partition}: {error}") from error
            time.sleep(_LOOK_AGAIN_S)
        else:
            return low, high
