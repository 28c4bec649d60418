"""Exact decimals at the rim."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.schemas.decimals import (
    exact,
    from_steps,
    plain,
    price_step,
    size_step,
    to_steps,
    unit,
)
from partita.schemas.enums import InstrumentStatus
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX

CENT = Decimal("0.01")

REFUSED = [
    "NaN", "nan", "sNaN", "Infinity", "-inf", "1e400", "1E5", "1e-5", "", " ", "1 ", " 1", "1,5",
    "1.", ".5", "0x10", "1_000", "\u0661", "\uff11", "--1", "1.2.3", "9" * 41,
    "0." + "0" * 41, "$1",
    0.1, 1.0, float("nan"), True, None, b"1", [1], Decimal("NaN"), Decimal("Infinity"),
    Decimal("1e400"), Decimal("1e-400"), 1 << 200, 10**5000,
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_plain_decimal_is_refused(value: object) -> None:
    """The error names the field, the value and the rule."""
    with pytest.raises(InvalidValue, match="price") as refused:
        exact(value, "price")  # type: ignore[arg-type] # what a careless caller does

    assert refused.value.field == "price"
    assert refused.value.rule


@pytest.mark.parametrize(
    ("value", "steps"),
    [("0.05", 5), ("0.050", 5), (3, 300), (Decimal("1.1"), 110), ("-0.01", -1), ("+2", 200)],
)
def test_a_multiple_of_the_step_is_exact(value: str | int | Decimal, steps: int) -> None:
    """Strings, ints and Decimals are taken as they are."""
    assert steps == to_steps(value, CENT, "price")


@pytest.mark.parametrize("value", ["0.001", "0.0100000000000000000000000000000000000001"])
def test_more_precision_than_the_step_is_refused(value: str) -> None:
    """Nothing is ever rounded."""
    with pytest.raises(InvalidValue, match=r"multiple of 0\.01"):
        to_steps(value, CENT, "price")


@pytest.mark.parametrize("value", ["46116860184273879.05", "9" * 40])
def test_beyond_the_largest_amount_is_refused(value: str) -> None:
    """2^62 steps are the most."""
    with pytest.raises(InvalidValue, match="beyond"):
        to_steps(value, CENT, "price")


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.integers(0, 10))
def test_steps_come_back_as_they_were(steps: int, decimals: int) -> None:
    """To a decimal and back is no change, for every amount and every asset."""
    step = unit(decimals)

    assert steps == to_steps(plain(from_steps(steps, step)), step, "size")


@pytest.mark.parametrize(
    ("tick", "decimals", "step"),
    [(10**8, 10, "0.01"), (50 * 10**10, 10, "50"), (1, 0, "1"), (25, 2, "0.25")],
)
def test_a_tick_has_the_decimals_it_needs(tick: int, decimals: int, step: str) -> None:
    """Prices are shown with them, whatever decimals the asset has; never with an exponent."""
    rules = Instrument(
        1, 1, "B-Q", 0, InstrumentStatus.TRADING, 1, "B", decimals, 2, "Q", decimals,
        tick, tick, 1, 1, 1, 1, 0, 0,
    )  # fmt: skip

    assert step == str(price_step(rules)) == str(size_step(rules))
