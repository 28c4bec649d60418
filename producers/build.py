"""From what a person says to a command of the log, or an InvalidValue: nothing bad is sent.

The ledger checks all of it again; what depends on state (funds, open orders, halts) it alone knows.
"""

import secrets
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeVar

from partita.producers.catalogue import Asset, Listed
from partita.schemas.arithmetic import need
from partita.schemas.commands import Amend, Place, Transfer
from partita.schemas.decimals import Number, from_steps, plain, to_steps
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.errors import InvalidValue
from partita.schemas.identifiers import is_identifier
from partita.schemas.limits import ACCOUNT_MAX, AMOUNT_MAX, ID_CHARACTERS_MAX, NOTIONAL_MAX

_Member = TypeVar("_Member", bound=StrEnum)

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_BUY = Side.BUY
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_GTC, _IOC, _FOK, _GTT = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTT
_SIDES = {str(member): member for member in Side}
_TYPES = {str(member): member for member in OrderType}
_TIMES = {str(member): member for member in TimeInForce}
_SELF_TRADES = {str(member): member for member in SelfTrade}

_IDS_AT_ONCE = 256


class Head(NamedTuple):
    """What all commands start with."""

    account: int
    command_id: str
    valid_until_ms: int


class OrderWish(NamedTuple):
    """What a client wants of a new order, unchecked."""

    side: str
    type: str | None
    time_in_force: str | None
    price: Number | None
    size: Number | None
    funds: Number | None
    post_only: bool
    self_trade: str
    expire_ms: int | None


class Ids:
    """Makes identifiers that no one else will make: 12 URL-safe characters, 72 random bits.

    One for each connection: a pool shared with a forked process would make the same ones twice.
    """

    def __init__(self) -> None:
        self._pool = ""
        self._at = 0

    def new(self) -> str:
        """Return the next one."""
        if self._at == len(self._pool):
            # Many at once: asking the system for each costs more than all else of a command.
            self._pool = secrets.token_urlsafe(9 * _IDS_AT_ONCE)
            self._at = 0
        self._at += 12
        return self._pool[self._at - 12 : self._at]


def identifier(value: str, field: str) -> str:
    """Return an identifier that the exchange takes. Raises InvalidValue."""
    if not (isinstance(value, str) and is_identifier(value)):
        rule = f"must be 1 to {ID_CHARACTERS_MAX} printable ASCII characters"
        raise InvalidValue(field, value, rule)
    return value


def whole(value: int, field: str, most: int = ACCOUNT_MAX) -> int:
    """Return a whole number from 1 that fits 64 bits. Raises InvalidValue."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidValue(field, value, f"must be a whole number from 1 to {most}")
    return value


def order_name(order_id: int | None, client_order_id: str | None) -> tuple[int, str]:
    """Return how the log names an order: by exactly one of its two names. Raises InvalidValue."""
    if (order_id is None) == (client_order_id is None):
        raise InvalidValue("order_id", order_id, "give either it or client_order_id")
    if order_id is not None:
        return whole(order_id, "order_id"), ""
    assert client_order_id is not None
    return 0, identifier(client_order_id, "client_order_id")


def _member(members: dict[str, _Member], value: str, field: str) -> _Member:
    found = members.get(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(field, value, f"must be one of {', '.join(members)}")
    return found


def _steps(value: Number, step: Decimal, field: str) -> int:
    steps = to_steps(value, step, field)
    if steps < 1:
        raise InvalidValue(field, value, f"must be at least {plain(step)}")
    return steps


def _price(listed: Listed, value: Number) -> int:
    step = listed.price_step
    price = _steps(value, step, "price")
    if price > listed.instrument.max_price:
        most = plain(from_steps(listed.instrument.max_price, step))
        raise InvalidValue("price", value, f"must be at most {most}")
    return price


def _size(listed: Listed, value: Number) -> int:
    step, rules = listed.size_step, listed.instrument
    size = _steps(value, step, "size")
    if size < rules.min_size:
        least = plain(from_steps(rules.min_size, step))
        raise InvalidValue("size", value, f"must be at least {least}")
    if size > rules.max_size or size * rules.lot > AMOUNT_MAX:
        most = plain(from_steps(min(rules.max_size, AMOUNT_MAX // rules.lot), step))
        raise InvalidValue("size", value, f"must be at most {most}")
    return size


def _check_notional(listed: Listed, side: Side | None, price: int, size: int) -> None:
    """Refuse what no 64-bit hold could cover; a buy's includes the fee."""
    rules = listed.instrument
    fee_ppm = max(rules.maker_fee_ppm, rules.taker_fee_ppm) if side is _BUY else 0
    if need(price, size, rules.notional_unit, fee_ppm) > NOTIONAL_MAX:
        value = plain(from_steps(price, listed.price_step) * from_steps(size, listed.size_step))
        most = plain(from_steps(NOTIONAL_MAX, listed.quote_unit))
        raise InvalidValue("price x size", value, f"must be at most {most}, fee included")


def place(listed: Listed, head: Head, wish: OrderWish, now_ms: int) -> Place:
    """Return the command that places an order.

    Raises:
        InvalidValue: names the field, the value and the rule.
    """
    side = _member(_SIDES, wish.side, "side")
    if wish.type is None:
        type_ = _MARKET if wish.price is None else _LIMIT
    else:
        type_ = _member(_TYPES, wish.type, "type")
    if wish.time_in_force is None:
        time_in_force = _GTC if type_ is _LIMIT else _IOC
    else:
        time_in_force = _member(_TIMES, wish.time_in_force, "time_in_force")
    if type_ is _LIMIT:
        price, size, funds = _limit_amounts(listed, side, wish)
    else:
        price, size, funds = _market_amounts(listed, side, wish)
    _check_options(wish, type_, time_in_force, now_ms)
    return Place(
        *head,
        listed.instrument.instrument_id,
        side,
        type_,
        time_in_force,
        price,
        size,
        funds,
        wish.post_only,
        _member(_SELF_TRADES, wish.self_trade, "self_trade"),
        wish.expire_ms or 0,
    )


def _limit_amounts(listed: Listed, side: Side, wish: OrderWish) -> tuple[int, int, int]:
    if wish.price is None:
        raise InvalidValue("price", wish.price, "a limit order has one")
    if wish.size is None:
        raise InvalidValue("size", wish.size, "a limit order has one")
    if wish.funds is not None:
        raise InvalidValue("funds", wish.funds, "is for market buys only")
    price, size = _price(listed, wish.price), _size(listed, wish.size)
    _check_notional(listed, side, price, size)
    return price, size, 0


def _market_amounts(listed: Listed, side: Side, wish: OrderWish) -> tuple[int, int, int]:
    if wish.price is not None:
        raise InvalidValue("price", wish.price, "a market order has none")
    if wish.funds is not None and side is not _BUY:
        raise InvalidValue("funds", wish.funds, "is for market buys only")
    if wish.size is None and wish.funds is None:
        rule = "a market buy has a size, funds or both" if side is _BUY else "a sell has one"
        raise InvalidValue("size", wish.size, rule)
    size = 0 if wish.size is None else _size(listed, wish.size)
    funds = 0 if wish.funds is None else _steps(wish.funds, listed.quote_unit, "funds")
    return 0, size, funds


def _check_options(
    wish: OrderWish, type_: OrderType, time_in_force: TimeInForce, now_ms: int
) -> None:
    lasting = time_in_force is _GTC or time_in_force is _GTT
    if lasting and type_ is _MARKET:
        rule = "a market order does not rest: IOC or FOK"
        raise InvalidValue("time_in_force", wish.time_in_force, rule)
    if not isinstance(wish.post_only, bool):
        raise InvalidValue("post_only", wish.post_only, "must be true or false")
    if wish.post_only and not lasting:
        rule = "goes with GTC and GTT only: the order is there to rest"
        raise InvalidValue("post_only", wish.post_only, rule)
    if time_in_force is _FOK and wish.size is None:
        raise InvalidValue("size", wish.size, "a FOK order has one")
    if time_in_force is _GTT:
        if wish.expire_ms is None or whole(wish.expire_ms, "expire_ms") <= now_ms:
            rule = f"a GTT order has one, and it lies ahead of {now_ms}"
            raise InvalidValue("expire_ms", wish.expire_ms, rule)
    elif wish.expire_ms is not None:
        raise InvalidValue("expire_ms", wish.expire_ms, "is for GTT orders only")


def amend(listed: Listed, head: Head, name: tuple[int, str], price: Number, size: Number) -> Amend:
    """Return the command that amends an order. Raises InvalidValue."""
    ticks, lots = _price(listed, price), _size(listed, size)
    # The side is the order's, which only the ledger knows for sure.
    _check_notional(listed, None, ticks, lots)
    return Amend(*head, *name, ticks, lots)


def transfer(asset: Asset, head: Head, amount: Number) -> Transfer:
    """Return the command that moves money in or out. Raises InvalidValue."""
    units = to_steps(amount, asset.unit, "amount")
    if units == 0:
        raise InvalidValue("amount", amount, "must not be 0: positive in, negative out")
    return Transfer(*head, asset.asset_id, units)
