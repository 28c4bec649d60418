"""Reservations cover every sequence of fills."""

from hypothesis import given
from hypothesis import strategies as st

from partita.schemas.arithmetic import PPM, affordable, fee, need
from partita.schemas.topics import TOPICS, partitions_of, shard_of

RATES = st.integers(0, PPM)


@given(st.integers(1, 1 << 30), st.integers(1, 1 << 20), RATES, st.lists(st.integers(1, 1 << 20)))
def test_a_reservation_covers_any_fills(price: int, unit: int, rate: int, sizes: list[int]) -> None:
    """Fees are rounded down per fill, so that their sum never exceeds the fee on the whole."""
    paid = sum(price * size * unit + fee(price * size * unit, rate) for size in sizes)

    assert paid <= need(price, sum(sizes), unit, rate)


@given(st.integers(0, 1 << 62), st.integers(1, 1 << 40), st.integers(1, 1 << 20), RATES)
def test_affordable_is_the_largest_size_within_the_funds(
    funds: int, price: int, unit: int, rate: int
) -> None:
    """It fits, and one lot more does not."""
    size = affordable(funds, price, unit, rate)

    assert need(price, size, unit, rate) <= funds < need(price, size + 1, unit, rate)


def test_topics_are_cut_by_what_they_say() -> None:
    """Shards, partitions, or one."""
    counts = {rule.name: partitions_of(rule, 3, 5) for rule in TOPICS}

    assert counts == {
        "account-commands": 3,
        "orders": 5,
        "account-events": 3,
        "book": 5,
        "tickers": 5,
        "trades": 5,
        "depth": 5,
        "book-snapshots": 5,
        "candles": 5,
        "instruments": 1,
        "dead-letters": 1,
        "books-changelog": 5,
        "ledger-changelog": 3,
        "worker-status": 1,
        "passes": 1,
    }
    assert [shard_of(account, 3) for account in (3, 1, 2, 6)] == [0, 1, 2, 0]
