"""The port by which a worker lives on the log, whatever the log is made of."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """A record as it stands on the log."""

    partition: int
    offset: int
    time_ms: int  # the broker's time at the append, milliseconds since 1970
    value: bytes


class Outgoing(NamedTuple):
    """A record on its way to the log."""

    topic: str
    partition: int
    key: bytes | None  # for compacted topics
    value: bytes


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

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was sent is acknowledged.

        Raises:
            DeliveryFailed: something may not have arrived, or not in time.
        """
