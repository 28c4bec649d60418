"""The shard of a partition: what it takes from the log."""

import pytest
from ledger_support.world import INQUIRE

from partita.ledger.partition import ShardPartition
from partita.ledger.reference import ReferenceShard
from partita.log.outbox import Outbox
from partita.schemas.commands import CommandBatch
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.orders import Tick
from partita.schemas.reports import Opened, ReportBatch, ReportGroup


def test_a_batch_beyond_the_limit_is_refused_whole() -> None:
    """One record must not stop a shard for long."""
    partition = ShardPartition(ReferenceShard(0, 2), Line.A)
    before = partition.state_hash()

    partition.take(CommandBatch(b"", (INQUIRE,) * BATCH_COMMANDS_MAX), 0, 1_000, Outbox())
    with pytest.raises(Undecodable, match="at most"):
        partition.take(CommandBatch(b"", (INQUIRE,) * (BATCH_COMMANDS_MAX + 1)), 0, 2_000, Outbox())
    with pytest.raises(Undecodable, match="does not belong"):
        partition.take(Tick(b""), 0, 2_000, Outbox())

    assert before != partition.state_hash()
    assert 1_000 == partition.shard.time_ms


def test_a_group_that_is_not_taken_changes_nothing_at_all() -> None:
    """Neither a gap nor a diverged line leaves a trace, from a book never heard of either."""
    partition = ShardPartition(ReferenceShard(0, 2), Line.A)
    before = partition.state_hash()
    for group in (ReportGroup(9, 2, 0, (Opened(2, 1),)), ReportGroup(9, 1, 7, (Opened(2, 1),))):
        partition.take(ReportBatch(b"", Line.A, (group,)), 0, 5_000, Outbox())

    assert before == partition.state_hash()
