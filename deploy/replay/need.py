"""What the accounts on a tape need at most, so that none of its orders lacks funds.

The bound holds whatever the order of events, so it counts nothing that comes back: a limit buy
needs its notional and its fee at the highest rate, a sell its size, a market buy its funds; an
amend is counted like another order, because fills may have spent what the order held before. A
market buy by size alone is counted at twice the highest price on the tape for its symbol, a
generous figure: what it finds may have been there before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from partita.deploy.tape.row import Op, TapeRow
from partita.schemas.arithmetic import need
from partita.schemas.decimals import Increments, from_steps, to_steps, unit
from partita.schemas.enums import OrderType, Side
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX

_GENEROUS = 2


class Deposit(NamedTuple):
    """A transfer to be made."""

    account: int
    asset: str
    asset_id: int
    units: int  # smallest units
    amount: Decimal


class _Purse(NamedTuple):
    account: int
    asset: str
    asset_id: int
    decimals: int


class _Order(NamedTuple):
    side: Side
    symbol: str
    price: int  # ticks
    size: int  # lots


class Needs:
    """Adds up, row by row. Rows that the exchange will refuse need nothing."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._units: defaultdict[_Purse, int] = defaultdict(int)
        self._orders: dict[tuple[int, str], _Order] = {}
        self._highest: defaultdict[str, int] = defaultdict(int)
        self._market_lots: defaultdict[tuple[int, str], int] = defaultdict(int)

    def add(self, row: TapeRow) -> None:
        """Count what a row may need."""
        try:
            if row.op is Op.PLACE:
                self._place(row)
            elif row.op is Op.AMEND:
                self._amend(row)
        except InvalidValue:
            return

    def _place(self, row: TapeRow) -> None:
        rules = self._instruments.get(row.symbol)
        if rules is None or row.side is None:
            return
        size = 0 if row.size is None else to_steps(row.size, Increments.of(rules).size_step, "size")
        if row.type is OrderType.LIMIT and row.price is not None:
            price = to_steps(row.price, Increments.of(rules).price_step, "price")
            self._highest[row.symbol] = max(self._highest[row.symbol], price)
            self._orders[row.account, row.id] = _Order(row.side, row.symbol, price, size)
            self._hold(row.account, rules, row.side, price, size)
        elif row.side is Side.SELL:
            self._hold(row.account, rules, row.side, 0, size)
        elif row.funds is not None:
            funds = to_steps(row.funds, unit(rules.quote_decimals), "funds")
            self._units[_quote(row.account, rules)] += max(0, funds)
        else:
            self._market_lots[row.account, row.symbol] += size

    def _amend(self, row: TapeRow) -> None:
        order = self._orders.get((row.account, row.id))
        if order is None:
            return
        rules = self._instruments[order.symbol]
        price, size = order.price, order.size
        if row.price is not None:
            price = to_steps(row.price, Increments.of(rules).price_step, "price")
        if row.size is not None:
            size = to_steps(row.size, Increments.of(rules).size_step, "size")
        self._orders[row.account, row.id] = order._replace(price=price, size=size)
        self._hold(row.account, rules, order.side, price, size)

    def _hold(self, account: int, rules: Instrument, side: Side, price: int, size: int) -> None:
        """Count the hold of an order; price in ticks, size in lots."""
        if price > rules.max_price or not 1 <= size <= rules.max_size:
            return
        if side is Side.SELL:
            purse = _Purse(account, rules.base_asset, rules.base_asset_id, rules.base_decimals)
            self._units[purse] += size * rules.lot
        else:
            fee_ppm = max(rules.maker_fee_ppm, rules.taker_fee_ppm)
            hold = need(max(0, price), size, rules.notional_unit, fee_ppm)
            self._units[_quote(account, rules)] += hold

    def deposits(self) -> Iterator[Deposit]:
        """Yield the transfers that cover it all; more than one amount allows is several."""
        units = self._units.copy()
        for (account, symbol), size in self._market_lots.items():
            rules = self._instruments[symbol]
            fee_ppm = max(rules.maker_fee_ppm, rules.taker_fee_ppm)
            price = self._highest[symbol] * _GENEROUS
            units[_quote(account, rules)] += need(price, size, rules.notional_unit, fee_ppm)
        for (account, asset, asset_id, decimals), whole in units.items():
            left = whole
            while left > 0:
                part = min(left, AMOUNT_MAX)
                left -= part
                amount = from_steps(part, unit(decimals))
                yield Deposit(account, asset, asset_id, part, amount)


def _quote(account: int, rules: Instrument) -> _Purse:
    return _Purse(account, rules.quote_asset, rules.quote_asset_id, rules.quote_decimals)


def deposits(rows: Iterable[TapeRow], instruments: Mapping[str, Instrument]) -> Iterator[Deposit]:
    """Yield what gives every account on a tape enough to trade; instruments by symbol."""
    needs = Needs(instruments)
    for row in rows:
        needs.add(row)
    yield from needs.deposits()
