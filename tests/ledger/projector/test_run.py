"""Where a projector reads on, and what it says when something is gone."""

import pytest

from partita.ledger.projector.run import where_to_read
from partita.schemas.errors import LogTruncated
from partita.schemas.topics import ACCOUNT_EVENTS, TRADES


@pytest.mark.parametrize(
    ("offset", "reads", "told"),
    [(0, 5, ""), (5, 5, ""), (7, 7, ""), (9, 9, ""), (4, 5, "has a hole"), (10, 9, "were lost")],
)
def test_of_the_market_a_hole_is_told_of_and_passed(
    caplog: pytest.LogCaptureFixture, offset: int, reads: int, told: str
) -> None:
    """A new store lacks nothing that there is; one that was away for too long does."""
    assert reads == where_to_read(TRADES, 0, offset, 5, 9)

    assert told in caplog.text
    assert bool(told) == bool(caplog.records)


@pytest.mark.parametrize(("offset", "told"), [(4, "begins at offset 5"), (10, "ends at offset 9")])
def test_of_accounts_nothing_is_passed(offset: int, told: str) -> None:
    """They are whole, or the projector stops and says why."""
    assert 5 == where_to_read(ACCOUNT_EVENTS, 0, 5, 5, 9)

    with pytest.raises(LogTruncated, match=told):
        where_to_read(ACCOUNT_EVENTS, 0, offset, 5, 9)
