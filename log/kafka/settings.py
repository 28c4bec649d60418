"""What the Kafka client is told, each with its reason; nothing of weight is left to a default."""

import logging
import os
import socket
from typing import Any

from confluent_kafka import KafkaError

from partita.log.kafka.words import Sparing
from partita.schemas.limits import RECORD_BYTES_MAX

Settings = dict[str, Any]

# librdkafka's own words go where the program's words go.
_LOGGER = logging.getLogger("partita.log.kafka")
_LOGGER.addFilter(Sparing())

# A record and its frame.
_MESSAGE_BYTES_MAX = RECORD_BYTES_MAX + 64 * 1024


def _common(bootstrap: str) -> Settings:
    return {
        "bootstrap.servers": bootstrap,
        "socket.nagle.disable": True,  # a batch waits for nothing
        "reconnect.backoff.ms": 50,  # a broker that was restarted is found again at once
        "reconnect.backoff.max.ms": 1_000,
        "logger": _LOGGER,
    }


def producing(bootstrap: str) -> Settings:
    """Return the settings of every producer."""
    return _common(bootstrap) | {
        # An edge keeps its order, and nothing is lost or doubled, through retries.
        "acks": "all",
        "enable.idempotence": True,
        # One record that fails for good fails all behind it: no hole in an edge.
        "enable.gapless.guarantee": True,
        # Batches grow by themselves while a request is under way; waiting adds only latency.
        "linger.ms": 0,
        # Small on purpose: larger queues were slower here, and a full one is the back-pressure.
        "queue.buffering.max.kbytes": 16_384,
        "message.max.bytes": _MESSAGE_BYTES_MAX,
        "batch.size": 1 << 20,
        # How long a broker may be away before what was sent counts as unknown.
        "delivery.timeout.ms": 60_000,
        # A callback a record (not an event) is what a snapshot needs to know that all it stands on
        # has arrived.
        "delivery.report.only.error": False,
    }


def reading(bootstrap: str) -> Settings:
    """Return the settings of a consumer that is told what to read."""
    return _common(bootstrap) | {
        "group.id": "partita-reader",  # required by the client; never used: nothing is committed
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # A position that is not there is an error, never a silent jump.
        "auto.offset.reset": "error",
        # The answer comes with the first byte; this is only how long an empty fetch waits.
        "fetch.min.bytes": 1,
        "fetch.wait.max.ms": 100,
        # Enough for one poll's worth; larger queues only add memory.
        "queued.max.messages.kbytes": 16_384,
        "max.partition.fetch.bytes": _MESSAGE_BYTES_MAX,
        "check.crcs": False,  # TCP and the broker have checked; it costs on the hot path
        "topic.metadata.refresh.interval.ms": 10_000,
    }


def following(bootstrap: str) -> Settings:
    """Return the settings of a consumer of what is rare: other workers' words."""
    # A poll comes by itself a few times a second; nothing is gained by asking the broker oftener.
    return reading(bootstrap) | {"fetch.wait.max.ms": 500, "queued.max.messages.kbytes": 4_096}


def asking(bootstrap: str) -> Settings:
    """Return the settings of a consumer that reads to the end of what there is, and stops."""
    # It is told of the end by an empty fetch, so that must not wait.
    return reading(bootstrap) | {"enable.partition.eof": True, "fetch.wait.max.ms": 5}


def owner() -> str:
    """Return what `partita status` shows as the owner of a partition: this process."""
    return f"{socket.gethostname()} pid {os.getpid()}"


def owning(bootstrap: str, group: str, session_timeout_ms: int) -> Settings:
    """Return the settings of a consumer that shares partitions with its group."""
    return reading(bootstrap) | {
        "group.id": group,
        "client.id": owner(),
        # Only partitions that move stop; a worker that joins does not stop the others.
        "partition.assignment.strategy": "cooperative-sticky",
        # How long the partitions of a killed worker wait for another one.
        "session.timeout.ms": session_timeout_ms,
        "heartbeat.interval.ms": max(200, session_timeout_ms // 6),
        # A poll's records are applied in well under a second; a hostile full poll takes minutes,
        # and losing the partition in the middle of it would only start it again elsewhere.
        "max.poll.interval.ms": 300_000,
    }


# What passes by itself: the client tries again, and data comes when the broker is back.
PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - the client's public codes start so
        KafkaError._TRANSPORT,  # noqa: SLF001 - as above
        KafkaError._TIMED_OUT,  # noqa: SLF001 - as above
        KafkaError._RESOLVE,  # noqa: SLF001 - as above
        KafkaError._PARTITION_EOF,  # noqa: SLF001 - as above
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REBALANCE_IN_PROGRESS,
    }
)
