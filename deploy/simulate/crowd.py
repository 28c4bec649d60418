"""Who wants what on one symbol: a walk of the price, quotes around it, takers. Pure, seeded."""

import random
from decimal import Decimal
from typing import NamedTuple

from partita.schemas.decimals import to_steps
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX

# Accounts of the simulated, far from those that people type. Makers first, then takers.
FIRST_ACCOUNT = 900_000_000
MAKERS = 4
TAKERS = 8
# Quotes that rest on a symbol before the oldest is taken back.
QUOTES = 40

# What a coin costs when nobody has traded it yet; others start at 10,000 ticks.
_OPENING = {"BTC-USD": "64000", "ETH-USD": "3200", "BNB-USD": "580", "SOL-USD": "150"}
_OPENING_TICKS = 10_000
_STEPS = 5_000  # one step of the walk is this part of the price
_LEVELS = 12  # how many steps from the middle a quote may be
_REACH = 24  # how many steps from the middle a taker goes
_TAKERS_PERCENT = 30
_HOME_PERCENT = 5  # how often the walk turns towards where it began
_QUOTE_WORTH = (200, 5_000)  # whole quote coins
_TAKE_WORTH = (50, 2_500)
_FUND_WORTH = 10_000_000
_ACCOUNT_SHARE = 100  # no account begins with more than this part of the largest amount


class Wish(NamedTuple):
    """An order that somebody wants to place."""

    account: int
    side: Side
    price: int  # ticks
    size: int  # lots
    rests: bool  # a quote, or one that takes what it finds and goes


def accounts() -> range:
    """Return all accounts of the simulated."""
    return range(FIRST_ACCOUNT, FIRST_ACCOUNT + MAKERS + TAKERS)


def makers() -> range:
    """Return the accounts that quote."""
    return range(FIRST_ACCOUNT, FIRST_ACCOUNT + MAKERS)


def opening_ticks(instrument: Instrument, price_step: Decimal) -> int:
    """Return the price at which a symbol begins, if it has never traded."""
    known = _OPENING.get(instrument.symbol)
    ticks = _OPENING_TICKS if known is None else to_steps(known, price_step, "price")
    return max(1, min(ticks, instrument.max_price // 2))


class Crowd:
    """Everybody on one symbol. The same seed and calls give the same wishes."""

    def __init__(self, instrument: Instrument, middle: int, seed: int) -> None:
        self.instrument = instrument
        self.middle = middle  # ticks
        self._home = middle
        self._rng = random.Random(f"{seed} {instrument.symbol}")  # noqa: S311 - a market, no secret

    def wish(self) -> Wish:
        """Let the price walk, and return who wants what next."""
        rng, step = self._rng, self._step()
        self._walk(step)
        side = rng.choice((Side.BUY, Side.SELL))
        sign = 1 if side is Side.BUY else -1
        if rng.randrange(100) < _TAKERS_PERCENT:
            account = FIRST_ACCOUNT + MAKERS + rng.randrange(TAKERS)
            price = self.middle + sign * step * _REACH
            return self._wish(account, side, price, _TAKE_WORTH, rests=False)
        account = FIRST_ACCOUNT + rng.randrange(MAKERS)
        price = self.middle - sign * step * (1 + rng.randrange(_LEVELS))
        return self._wish(account, side, price, _QUOTE_WORTH, rests=True)

    def funds(self) -> tuple[int, int]:
        """Return what an account begins with: quote units, base units."""
        rules = self.instrument
        units = _FUND_WORTH * 10**rules.quote_decimals
        lots = units // (self.middle * rules.notional_unit)
        # A coin of many decimals and a tiny price: less of it is still more than anybody trades.
        return units, min(max(1, lots) * rules.lot, AMOUNT_MAX // _ACCOUNT_SHARE)

    def _step(self) -> int:
        return max(1, self.middle // _STEPS)

    def _walk(self, step: int) -> None:
        rng = self._rng
        if rng.randrange(100) < _HOME_PERCENT:
            move = (self.middle < self._home) - (self.middle > self._home)
        else:
            move = rng.randrange(-1, 2)
        highest = self.instrument.max_price - step * (_REACH + 1)
        self.middle = max(1 + step, min(self.middle + move * step, highest))

    def _wish(
        self, account: int, side: Side, price: int, worth: tuple[int, int], *, rests: bool
    ) -> Wish:
        rules = self.instrument
        price = max(1, min(price, rules.max_price))
        units = self._rng.randrange(*worth) * 10**rules.quote_decimals
        lots = units // (price * rules.notional_unit)
        size = max(rules.min_size, min(lots, rules.max_size))
        return Wish(account, side, price, size, rests)
