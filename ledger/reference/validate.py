"""What is wrong with a command, by the first reason that holds (partita.schemas.reasons).

Each function is a stretch of the ladder of reasons and returns `Reason.NONE` at its end.
"""

from partita.schemas.arithmetic import need
from partita.schemas.commands import Amend, Cancel, Command, Inquire, Place
from partita.schemas.enums import InstrumentStatus, OrderType, Side, TimeInForce
from partita.schemas.identifiers import is_identifier
from partita.schemas.instrument import Instrument
from partita.schemas.limits import (
    ACCOUNT_MAX,
    AMOUNT_MAX,
    CLOCK_AHEAD_MS_MAX,
    NOTIONAL_MAX,
    VALID_UNTIL_AHEAD_MS_MAX,
)
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_BUY = Side.BUY
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_GTT, _FOK = TimeInForce.GTT, TimeInForce.FOK
_LASTING = (TimeInForce.GTC, TimeInForce.GTT)
_HALTED = InstrumentStatus.HALTED
_NONE = Reason.NONE

_AHEAD_MS_MAX = VALID_UNTIL_AHEAD_MS_MAX + CLOCK_AHEAD_MS_MAX


def is_too_far(command: Command, time_ms: int) -> bool:
    """Return whether a command asks to be remembered for longer than anything is."""
    return command.valid_until_ms > time_ms + _AHEAD_MS_MAX


def admission(command: Command, time_ms: int, shard: int, shards: int) -> Reason:
    """Return why a command may not even be remembered."""
    if time_ms > command.valid_until_ms:
        return Reason.COMMAND_EXPIRED
    if is_too_far(command, time_ms):
        return Reason.VALID_UNTIL_TOO_FAR
    return identity(command, shard, shards)


def identity(command: Command, shard: int, shards: int) -> Reason:
    """Return what is wrong with the names on a command."""
    if not is_identifier(command.command_id):
        return Reason.INVALID_ID
    if isinstance(command, Cancel | Amend | Inquire) and not (
        command.client_order_id == "" or is_identifier(command.client_order_id)
    ):
        return Reason.INVALID_ID
    if not 1 <= command.account <= ACCOUNT_MAX or command.account % shards != shard:
        return Reason.INVALID_ACCOUNT
    return _NONE


def names_one_order(command: Cancel | Amend | Inquire) -> bool:
    """Return whether the order is named in one way and not in two."""
    return (command.order_id != 0) != (command.client_order_id != "")


def place_values(command: Place, time_ms: int) -> Reason:
    """Return what is wrong with a place whatever the state: invalid_price to invalid_expiry."""
    market = command.type is _MARKET
    market_buy = market and command.side is _BUY
    if (command.price != 0) if market else (command.price < 1):
        return Reason.INVALID_PRICE
    if command.size < 0 or (command.size == 0 and not (market_buy and command.funds)):
        return Reason.INVALID_SIZE
    if not 0 <= command.funds <= (AMOUNT_MAX if market_buy else 0):
        return Reason.INVALID_FUNDS
    if not _goes_together(command):
        return Reason.INVALID_COMBINATION
    if command.time_in_force is _GTT:
        return _NONE if command.expire_ms > time_ms else Reason.INVALID_EXPIRY
    return Reason.INVALID_EXPIRY if command.expire_ms else _NONE


def _goes_together(command: Place) -> bool:
    if command.time_in_force in _LASTING:
        return command.type is _LIMIT
    # All or nothing needs to know what all is.
    unsized = command.time_in_force is _FOK and command.size == 0
    return not command.post_only and not unsized


def limits(instrument: Instrument, side: Side, price: int, size: int, fee_ppm: int) -> Reason:
    """Return what the instrument forbids: not_trading to notional_too_large.

    For a market order the price is 0; for a market buy by funds alone the size, too.
    """
    if instrument.status is _HALTED:
        return Reason.NOT_TRADING
    if price > instrument.max_price:
        return Reason.PRICE_TOO_HIGH
    if 0 < size < instrument.min_size:
        return Reason.SIZE_TOO_SMALL
    if size > instrument.max_size:
        return Reason.SIZE_TOO_LARGE
    rate_ppm = fee_ppm if side is _BUY else 0
    if need(price, size, instrument.notional_unit, rate_ppm) > NOTIONAL_MAX:
        return Reason.NOTIONAL_TOO_LARGE
    if size * instrument.lot > AMOUNT_MAX:
        return Reason.NOTIONAL_TOO_LARGE
    return _NONE
