"""The simulated market: seeded, within the rules, around a price that stays where it may be."""

import pytest

from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.simulate.crowd import Crowd, Wish, accounts, makers, opening_ticks
from partita.schemas.decimals import price_step
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX, NOTIONAL_MAX

RULES = read_instruments(DEFAULT_FILE, 2, {})


def crowd(rules: Instrument, seed: int = 1) -> Crowd:
    """Return the crowd of a symbol that has never traded."""
    return Crowd(rules, opening_ticks(rules, price_step(rules)), seed)


def wishes(rules: Instrument, count: int, seed: int = 1) -> list[Wish]:
    """Return what it wants first."""
    one = crowd(rules, seed)
    return [one.wish() for _ in range(count)]


def test_a_seed_is_a_market() -> None:
    """The same one gives the same wishes, another one others."""
    assert wishes(RULES[0], 200) == wishes(RULES[0], 200)
    assert wishes(RULES[0], 200) != wishes(RULES[0], 200, seed=2)


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.symbol)
def test_every_wish_is_an_order_that_the_rules_allow(rules: Instrument) -> None:
    """On each of the listed symbols, whatever its increments."""
    for wish in wishes(rules, 300):
        assert wish.account in accounts()
        assert 1 <= wish.price <= rules.max_price
        assert rules.min_size <= wish.size <= rules.max_size
        assert wish.price * wish.size * rules.notional_unit <= NOTIONAL_MAX


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.symbol)
def test_an_account_can_pay_for_a_thousand_orders(rules: Instrument) -> None:
    """What it begins with is a legal amount, and goes a long way."""
    quote, base = crowd(rules).funds()

    assert 0 < quote <= AMOUNT_MAX
    assert 0 < base <= AMOUNT_MAX
    spent = [w.price * w.size * rules.notional_unit for w in wishes(rules, 1_000)]
    assert sum(spent) / len(accounts()) < quote


def test_quotes_stand_around_the_price_and_takers_reach_them() -> None:
    """So trades happen: some want what others offer."""
    found = wishes(RULES[0], 2_000)
    quotes, takes = ([w for w in found if w.rests is rests] for rests in (True, False))

    assert 2 * len(takes) < len(found) < 5 * len(takes)
    assert {w.account for w in quotes} == set(makers())
    assert {w.account for w in takes}.isdisjoint(makers())
    best = {side: [w.price for w in quotes if w.side is side] for side in Side}
    assert min(best[Side.SELL]) < max(w.price for w in takes if w.side is Side.BUY)


def test_the_price_walks_and_comes_home() -> None:
    """Neither does it stand still, nor does it leave."""
    one = crowd(RULES[0])
    home = one.middle
    seen = []
    for _ in range(20_000):
        one.wish()
        seen.append(one.middle)

    assert len(set(seen)) > 50
    assert home // 2 < min(seen) <= max(seen) < home * 2
