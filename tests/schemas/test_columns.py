"""Rows to columns and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.schemas.columns import columns, halves, members, places, whole
from partita.schemas.enums import Side, TimeInForce


@given(st.lists(st.integers(-(1 << 127), (1 << 127) - 1)))
def test_amounts_of_128_bits_are_two_columns_of_64(amounts: list[int]) -> None:
    """Negative ones too; each half fits a long."""
    high, low = halves(amounts)

    assert amounts == whole(high, low)
    assert all(-(1 << 63) <= half < 1 << 63 for half in (*high, *low))


def test_an_enum_is_its_place() -> None:
    """A place that there is not is refused."""
    assert (1, 0) == places([Side.SELL, Side.BUY], Side)
    assert [TimeInForce.GTT, TimeInForce.GTC] == members((3, 0), TimeInForce)
    for place in (-1, 2):
        with pytest.raises(KeyError):
            members((place,), Side)


def test_no_rows_are_empty_columns() -> None:
    """As many as there are fields."""
    assert [(), ()] == columns([], 2)
    assert [(1, 3), (2, 4)] == columns([(1, 2), (3, 4)], 2)
