"""Rows of a store in whole coins and dollars."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from partita.ledger.store.rows import BalanceRow, EntryKind, EntryRow, FillRow, OrderRow
from partita.producers.catalogue import Asset, Catalogue, Listed
from partita.schemas.decimals import from_steps
from partita.schemas.enums import (
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    Side,
    TimeInForce,
)
from partita.schemas.errors import NoAnswer
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason


class KeptOrder(NamedTuple):
    """An order of the history; its first fields as those of an OrderView."""

    number: int  # of the event on its shard that it stands behind
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal | None  # None for a market order
    size: Decimal | None  # None for a market buy by funds alone
    filled: Decimal
    remaining: Decimal | None  # None as for size, until it is done
    state: OrderState
    outcome: Outcome | None  # None until it is done
    reason: Reason | None  # why it is done; None until then, and when filled
    placed_ms: int
    cost: Decimal  # of its fills, quote, without fees
    fees: Decimal  # quote


class KeptFill(NamedTuple):
    """A fill of the history."""

    number: int
    time_ms: int
    order_id: int
    symbol: str
    side: Side
    trade_id: int
    price: Decimal
    size: Decimal
    fee: Decimal
    liquidity: Liquidity


class KeptEntry(NamedTuple):
    """A change of a balance."""

    number: int
    time_ms: int
    asset: str
    kind: EntryKind
    available_change: Decimal
    held_change: Decimal
    available: Decimal
    held: Decimal
    order_id: int | None
    command_id: str | None
    symbol: str | None
    trade_id: int | None


class KeptBalance(NamedTuple):
    """A balance as a store has it."""

    number: int
    time_ms: int
    asset: str
    available: Decimal
    held: Decimal


class Rim:
    """Where integers become decimals."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._catalogue = Catalogue()
        self._catalogue.take(instruments.values())

    def _listed(self, instrument_id: int) -> Listed:
        return self._catalogue.by_id(instrument_id)

    def _asset(self, asset_id: int) -> Asset:
        return self._catalogue.asset_by_id(asset_id)

    def order(self, row: OrderRow) -> KeptOrder:
        """Return an order as shown."""
        listed, done = self._listed(row.instrument_id), row.state is OrderState.DONE
        step, rules = listed.size_step, listed.instrument
        unsized = row.size == 0 and row.type is OrderType.MARKET and not done
        limit = row.type is OrderType.LIMIT
        return KeptOrder(
            row.number,
            row.time_ms,
            row.account,
            row.order_id,
            row.client_order_id,
            rules.symbol,
            row.side,
            row.type,
            row.time_in_force,
            from_steps(row.price, listed.price_step) if limit else None,
            from_steps(row.size, step) if row.size else None,
            from_steps(row.filled, step),
            None if unsized else from_steps(row.remaining, step),
            row.state,
            row.outcome if done else None,
            row.reason if done and row.reason is not Reason.NONE else None,
            row.placed_ms,
            from_steps(row.notional * rules.notional_unit, listed.quote_unit),
            from_steps(row.fees, listed.quote_unit),
        )

    def fill(self, row: FillRow) -> KeptFill:
        """Return a fill as shown."""
        listed = self._listed(row.instrument_id)
        return KeptFill(
            row.number,
            row.time_ms,
            row.order_id,
            listed.instrument.symbol,
            row.side,
            row.trade_id,
            from_steps(row.price, listed.price_step),
            from_steps(row.size, listed.size_step),
            from_steps(row.fee, listed.quote_unit),
            row.liquidity,
        )

    def entry(self, row: EntryRow) -> KeptEntry:
        """Return a change of a balance as shown."""
        asset = self._asset(row.asset_id)
        return KeptEntry(
            row.number,
            row.time_ms,
            asset.name,
            row.kind,
            from_steps(row.available_change, asset.unit),
            from_steps(row.held_change, asset.unit),
            from_steps(row.available, asset.unit),
            from_steps(row.held, asset.unit),
            row.order_id or None,
            row.command_id or None,
            self._symbol(row.instrument_id),
            row.trade_id or None,
        )

    def _symbol(self, instrument_id: int) -> str | None:
        if not instrument_id:
            return None
        try:
            return self._listed(instrument_id).instrument.symbol
        except NoAnswer:
            return str(instrument_id)

    def balance(self, row: BalanceRow) -> KeptBalance:
        """Return a balance as shown."""
        asset = self._asset(row.asset_id)
        return KeptBalance(
            row.number,
            row.time_ms,
            asset.name,
            from_steps(row.available, asset.unit),
            from_steps(row.held, asset.unit),
        )
