"""Placing: check, reserve, number, forward."""

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import validate
from partita.ledger.reference.ledger import Ledger, refused
from partita.ledger.reference.orders import Order
from partita.schemas.accounts import Received
from partita.schemas.arithmetic import need
from partita.schemas.commands import Place
from partita.schemas.enums import OrderType, Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import NOTIONAL_MAX, OPEN_ORDERS_MAX
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_BUY, _SELL = Side.BUY, Side.SELL
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_NONE = Reason.NONE


def place(ledger: Ledger, command: Place) -> ShardOutput:
    """Reserve the funds of a new order and send it to its book."""
    instrument = ledger.instruments.get(command.instrument_id)
    if instrument is None:
        return refused(ledger.reject(command, Reason.UNKNOWN_INSTRUMENT))
    fee_ppm = max(instrument.maker_fee_ppm, instrument.taker_fee_ppm)
    reason = _first_reason(ledger, command, instrument, fee_ppm)
    if reason is not _NONE:
        return refused(ledger.reject(command, reason))
    sell = command.side is _SELL
    asset_id = instrument.base_asset_id if sell else instrument.quote_asset_id
    available = ledger.journal.funds(command.account, asset_id).available
    hold = _hold(command, instrument, fee_ppm, available)
    if hold == 0 or (hold * instrument.lot if sell else hold) > available:
        return refused(ledger.reject(command, Reason.INSUFFICIENT_FUNDS))
    return _accept(ledger, command, instrument, fee_ppm, hold)


def _first_reason(ledger: Ledger, command: Place, instrument: Instrument, fee_ppm: int) -> Reason:
    reason = validate.place_values(command, ledger.time_ms)
    if reason is not _NONE:
        return reason
    if not ledger.journal.has_account(command.account):
        return Reason.UNKNOWN_ACCOUNT
    reason = validate.limits(instrument, command.side, command.price, command.size, fee_ppm)
    if reason is not _NONE:
        return reason
    if ledger.orders.open_count(command.account) >= OPEN_ORDERS_MAX:
        return Reason.TOO_MANY_OPEN_ORDERS
    return _NONE


def _hold(command: Place, instrument: Instrument, fee_ppm: int, available: int) -> int:
    """Return what the order reserves: quote units (buy) or lots (sell)."""
    if command.side is _SELL:
        return command.size
    if command.type is _LIMIT:
        return need(command.price, command.size, instrument.notional_unit, fee_ppm)
    # A market buy by size alone may cost whatever the book asks: it reserves all there is.
    return command.funds or min(available, NOTIONAL_MAX)


def _accept(
    ledger: Ledger, command: Place, instrument: Instrument, fee_ppm: int, hold: int
) -> ShardOutput:
    ledger.order_count += 1
    order = Order(
        order_id=ledger.order_count * ledger.shards + ledger.shard,
        account=command.account,
        client_order_id=command.command_id,
        instrument_id=command.instrument_id,
        side=command.side,
        type=command.type,
        time_in_force=command.time_in_force,
        price=command.price,
        size=command.size,
        filled=0,
        remaining=command.size,
        hold=hold,
        fee_ppm=fee_ppm,
    )
    funds = hold if command.type is _MARKET and command.side is _BUY else 0
    # What Received and NewOrder share stands in the same order in both.
    kind = (command.side, command.type, command.time_in_force, command.price, command.size, funds)
    flags = (command.post_only, command.self_trade, command.expire_ms)
    received = Received(
        command.account,
        command.command_id,
        order.order_id,
        command.instrument_id,
        *kind,
        *flags,
        repeated=False,
    )
    ledger.remember(command, received, pinned=True)
    ledger.orders.add(order)
    balance = ledger.move_hold(order, hold)
    fees = (instrument.maker_fee_ppm, instrument.taker_fee_ppm)
    new_order = NewOrder(order.order_id, command.account, *kind, *flags, *fees)
    return ShardOutput(((command.instrument_id, new_order),), (received, balance))
