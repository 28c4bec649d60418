"""What could not be read, on `dead-letters`."""

from typing import NamedTuple


class DeadLetter(NamedTuple):
    """A record that could not be read. Keyed by topic, partition and offset."""

    topic: str  # where it was
    partition: int  # where it was
    offset: int  # where it was
    time_ms: int  # its log time
    error: str  # what was wrong
    value: bytes  # the record as it was, its first 64 KiB
    size: int  # bytes of the whole record
    sha256: bytes  # SHA-256 of the whole record
