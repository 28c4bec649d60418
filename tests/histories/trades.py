"""Trades as their parties are told of them: two fills each, which agree, numbered densely."""

from histories.runs import Runs
from histories.violation import violate

from partita.schemas.accounts import Filled
from partita.schemas.enums import Liquidity


class Trades:
    """All trades of all symbols, from the fills of all accounts."""

    def __init__(self) -> None:
        self.count = 0  # trades of which both parties were told
        self._halves: dict[tuple[int, int], Filled] = {}  # by instrument and trade_id
        self._whole: dict[int, Runs] = {}  # by instrument: trade_ids

    def fill(self, fill: Filled) -> None:
        """Take one party's fill."""
        trade = fill.instrument_id, fill.trade_id
        other = self._halves.pop(trade, None)
        if other is None:
            self._halves[trade] = fill
            return
        if (fill.price, fill.size) != (other.price, other.size):
            violate(f"its other party was told {other.size} at {other.price}")
        if fill.liquidity is other.liquidity:
            violate(f"both parties are {fill.liquidity}: {other}")
        if fill.side is other.side:
            violate(f"both parties {fill.side}: {other}")
        if fill.account == other.account:
            violate(f"account {fill.account} trades with itself: {other}")
        if not self._whole.setdefault(fill.instrument_id, Runs()).add(fill.trade_id):
            violate(f"trade {fill.trade_id} of instrument {fill.instrument_id} was there before")
        self.count += 1

    def at_rest(self, *, from_the_first: bool) -> None:
        """Check that all trades are whole, and numbered densely (from 1, or from where we came)."""
        for fill in self._halves.values():
            taker = fill.liquidity is Liquidity.TAKER
            violate(f"the {'maker' if taker else 'taker'} was never told of the trade of {fill}")
        for instrument_id, runs in self._whole.items():
            found = runs.all()
            if len(found) != 1 or (from_the_first and found[0][0] != 1):
                violate(f"trade ids of instrument {instrument_id} are not dense: {found}")
