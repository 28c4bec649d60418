"""The port by which a worker lives on the log, whatever the log is made of."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """A record as it stands on the log."""

    partition: int
    offset: int
    time_ms: int  # the broker's time at the append, milliseconds since 1970
    value: bytes  # empty for a tombstone
    key: bytes | None = None  # of compacted topics


class Outgoing(NamedTuple):
    """A record on its way to the log."""

    topic: str
    partition: int
    key: bytes | None  # for compacted topics
    value: bytes  # empty: a tombstone, the key is no more


class Log(Protocol):
    """One worker's connection: the partitions of its input topic that it owns, and a way out.

    Records of one partition come in the order of their offsets, without gaps and without repeats
    within one ownership. What is sent by one connection to one partition arrives in the order in
    which it was sent, or it fails.
    """

    def poll(self, timeout_s: float) -> Sequence[Record]:
        """Wait for a record at most so long, then drain what is there without waiting.

        Raises:
            DeliveryFailed: something sent before may not have arrived; the caller must stop.
            LogError: the log is not as it must be.
        """

    def owned(self) -> Mapping[int, int]:
        """Return the partitions owned since the last poll, each with its ownership number.

        A partition that was lost and won again has another number: what was known of it is void.
        A new one gives no records until `seek` says where to start.
        """

    def seek(self, partition: int, offset: int) -> None:
        """Read an owned partition from an offset on."""

    def pause(self, partition: int) -> None:
        """Stop reading a partition that is parked, and keep it."""

    def send(self, outgoing: Outgoing) -> None:
        """Send a record without waiting for its arrival, or with, when too much is under way.

        Raises:
            DeliveryFailed: something sent before may not have arrived; the caller must stop.
        """

    def barrier(self) -> int:
        """Draw a line under all that was sent so far; return its number."""

    def passed(self, barrier: int) -> bool:
        """Return whether all above a barrier is acknowledged."""

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the offsets of the first kept record of an input partition and of its end.

        Raises:
            LogError: the log does not answer.
        """

    def trim(self, partition: int, offset: int) -> None:
        """Let go of the records of an input partition below an offset; when is the log's matter."""

    def read(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all records that a compacted partition holds now, waiting for them.

        Raises:
            LogError: the log does not answer.
        """

    def follow(self, topic: str, partition: int, offset: int) -> None:
        """Hear what comes to a compacted partition from an offset on."""

    def unfollow(self, topic: str, partition: int) -> None:
        """Hear no more of it."""

    def news(self) -> Sequence[tuple[str, Record]]:
        """Return what has come to the followed partitions, without waiting, with its topic.

        Raises:
            LogError: reading cannot go on.
        """

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each topic: another id after it was created again."""

    def elsewhere(self, partition: int) -> bool:
        """Return whether another line's worker has this partition now."""

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was sent is acknowledged.

        Raises:
            DeliveryFailed: something may not have arrived, or not in time.
        """
