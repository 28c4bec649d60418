"""Which worker this is, and how it is to work."""

from typing import NamedTuple

from partita.schemas.enums import Line
from partita.schemas.limits import CHUNK_BYTES_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, LEDGER_CHANGELOG


class Role(NamedTuple):
    """A worker's part; the default suits a ledger that stands alone, as in tests."""

    service: str = "ledger"
    topic: str = ACCOUNT_COMMANDS  # its input
    changelog: str = LEDGER_CHANGELOG
    line: Line = Line.A
    build: str = ""
    owner: str = ""  # host and process, for people
    shards: int = 1
    ticks: bool = False  # whether it writes ticks to its own partitions
    # Log time between two snapshots of a machine.
    snapshot_every_ms: int = 10_000
    # What snapshots of one machine may carry in the long run, by log time: a large one is taken
    # less often, or it would be more than all the events between two.
    snapshot_bytes_per_s: int = 2 << 20
    # A machine of more rows is not written down at once, but from a copy, by a thread.
    inline_rows_max: int = 4_000
    # One of still more, or of an engine that copies slowly, is written down by a child of the
    # process: a copy of 100,000 rows of a shard takes 6 ms.
    copied_rows_max: int = 100_000
    chunk_bytes: int = CHUNK_BYTES_MAX  # of a snapshot in one record of the changelog
    trim: bool = True  # whether the input is trimmed behind the snapshots
    # Log time by which trimming stays behind: as long as another line may take to come up with a
    # snapshot that was the oldest when it began.
    trim_behind_ms: int = 60_000
    # Over how many records a line of another build must agree before it speaks, while another line
    # does. Alone, or beside none but silent ones and its own build, it agrees over what there is.
    agree_over: int = 1_000
    # A group that is being joined names no owners for a moment: so long must nobody have been seen.
    alone_ms: int = 5_000
    # By how much two brokers' clocks may differ, when a line is told that it is refused.
    clocks_ms: int = 2_000
