"""The journal: entries sum to zero, nothing goes below it."""

import pytest

from partita.ledger.reference.journal import Journal, Line

_ASSET = 7


def _journal() -> Journal:
    journal = Journal()
    journal.open_asset(_ASSET)
    journal.open_account(1)
    journal.post(1, 0, Line(_ASSET, available=100, external=-100))
    return journal


def test_an_entry_that_does_not_sum_to_zero_is_not_made() -> None:
    """Money neither appears nor vanishes."""
    with pytest.raises(AssertionError, match="sums to zero"):
        _journal().post(1, 0, Line(_ASSET, available=-1, held=2))


def test_each_asset_sums_to_zero_by_itself() -> None:
    """One asset does not make up for another."""
    journal = _journal()
    journal.open_asset(8)
    with pytest.raises(AssertionError, match="sums to zero"):
        journal.post(1, 0, Line(_ASSET, available=-1), Line(8, available=1))


@pytest.mark.parametrize(
    "line", [Line(_ASSET, available=-101, held=101), Line(_ASSET, available=1, held=-1)]
)
def test_nothing_goes_below_zero(line: Line) -> None:
    """Neither available nor held."""
    with pytest.raises(AssertionError, match="is negative"):
        _journal().post(1, 0, line)


def test_check_finds_sums_that_went_astray() -> None:
    """The sums kept along the way are compared with the balances."""
    journal = _journal()
    journal.check()
    journal.funds(1, _ASSET).available += 1
    with pytest.raises(AssertionError, match="available of asset 7 adds up"):
        journal.check()


def test_clearing_accounts_at_zero_leave_no_trace() -> None:
    """Two ways to the same balances give the same rows."""
    journal = _journal()
    journal.post(1, 5, Line(_ASSET, available=-10, clearing=10))
    assert list(journal.clearing_funds()) == [(5, _ASSET, 10)]
    journal.post(1, 5, Line(_ASSET, available=10, clearing=-10))
    assert journal.clearing_funds() == ()
    journal.check()
