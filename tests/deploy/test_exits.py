"""The exit codes: a promise to scripts."""

import pytest

from partita.deploy.commands.exits import exit_code
from partita.log.service import LOG_EXITS, WorkerExit
from partita.schemas import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.TopicRecreated, 13),
        (errors.LogTruncated, 14),
        (errors.WrongCleanup, 15),
        (errors.WrongPartitions, 16),
        (errors.UnsafeReplication, 17),
        (errors.SnapshotMissing, 18),
        (errors.Diverged, 19),
    ],
)
def test_a_refusal_has_one_code_wherever_it_comes_from(
    kind: type[errors.LogError], code: int
) -> None:
    """A worker and a command end alike."""
    refusal = kind("what is wrong")

    assert code == exit_code(refusal)
    assert code == next(code for kind, code in LOG_EXITS if isinstance(refusal, kind))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.LogUnavailable, 6),
        (errors.TopicMissing, 6),
        (errors.TopicUnfit, 7),
        (errors.DeliveryFailed, 7),
    ],
)
def test_other_trouble_with_the_log_has_a_command_s_own_code(
    kind: type[errors.LogError], code: int
) -> None:
    """A worker's are for who watches it: whether to start it again."""
    assert code == exit_code(kind("what is wrong"))
    assert code < WorkerExit.DELIVERY_UNKNOWN
