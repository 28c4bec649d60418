"""Every reason of the ledger, and that the earlier of two wins."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from engines.under_test import under_test
from ledger_support.world import (
    AMEND,
    BTC,
    CANCEL,
    CANCEL_ALL,
    HALTED,
    INQUIRE,
    MARKET_BUY,
    MARKET_SELL,
    NOW,
    PLACE,
    SELL,
    TRANSFER,
    USD,
    Desk,
)

from partita.schemas.accounts import Rejected
from partita.schemas.commands import Command
from partita.schemas.enums import InstrumentStatus, Question, TimeInForce
from partita.schemas.limits import (
    ACCOUNT_MAX,
    AMOUNT_MAX,
    NOTIONAL_MAX,
    OPEN_ORDERS_MAX,
)
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("shard_engine")

# The desk's accounts (one has as many open orders as there may be) and orders: 4 of 10 lots of the
# open one are filled.
RICH, POOR, CROWDED, UNOPENED = 2, 4, 6, 8
OPEN, DONE, MARKET, ON_HALTED, CROWD = 2, 4, 6, 8, 10
USED = "used"

_COMMON: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.DUPLICATE_ID, {"command_id": USED}),
    (Reason.COMMAND_EXPIRED, {"valid_until_ms": NOW - 1}),
    (Reason.VALID_UNTIL_TOO_FAR, {"valid_until_ms": NOW + 65_001}),
    (Reason.INVALID_ID, {"command_id": ""}),
    (Reason.INVALID_ID, {"command_id": "x" * 37}),
    (Reason.INVALID_ID, {"command_id": "naïve"}),
    (Reason.INVALID_ID, {"command_id": "tab\t"}),
    (Reason.INVALID_ACCOUNT, {"account": 0}),
    (Reason.INVALID_ACCOUNT, {"account": -2}),
    (Reason.INVALID_ACCOUNT, {"account": 3}),
    (Reason.INVALID_ACCOUNT, {"account": -ACCOUNT_MAX - 1}),  # no record can say ACCOUNT_MAX + 1
]
_NAMED: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.INVALID_ID, {"client_order_id": "y" * 37}),
    (Reason.INVALID_COMBINATION, {"order_id": 0, "client_order_id": ""}),
    (Reason.INVALID_COMBINATION, {"client_order_id": "o1"}),
    (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED}),
    (Reason.UNKNOWN_ORDER, {"account": POOR}),
    (Reason.UNKNOWN_ORDER, {"order_id": 1_000_000}),
    (Reason.UNKNOWN_ORDER, {"order_id": -1}),
    (Reason.UNKNOWN_ORDER, {"order_id": 0, "client_order_id": "nothing"}),
]
_LIMITS: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.PRICE_TOO_HIGH, {"price": (1 << 40) + 1}),
    (Reason.SIZE_TOO_SMALL, {"size": 1}),
    (Reason.SIZE_TOO_LARGE, {"size": (1 << 62) + 1}),
    (Reason.NOTIONAL_TOO_LARGE, {"size": NOTIONAL_MAX // 3_000 + 1}),
]
_PLACE: list[tuple[Reason, dict[str, Any]]] = [
    *_COMMON,
    (Reason.UNKNOWN_INSTRUMENT, {"instrument_id": 99}),
    (Reason.INVALID_PRICE, {"price": 0}),
    (Reason.INVALID_PRICE, {"price": -1}),
    (Reason.INVALID_SIZE, {"size": 0}),
    (Reason.INVALID_SIZE, {"size": -1}),
    (Reason.INVALID_FUNDS, {"funds": 1}),
    (Reason.INVALID_FUNDS, {"funds": -1}),
    (Reason.INVALID_COMBINATION, {"post_only": True, "time_in_force": TimeInForce.IOC}),
    (Reason.INVALID_COMBINATION, {"post_only": True, "time_in_force": TimeInForce.FOK}),
    (Reason.INVALID_EXPIRY, {"expire_ms": NOW + 1}),
    (Reason.INVALID_EXPIRY, {"time_in_force": TimeInForce.GTT}),
    (Reason.INVALID_EXPIRY, {"time_in_force": TimeInForce.GTT, "expire_ms": NOW}),
    (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED}),
    (Reason.NOT_TRADING, {"instrument_id": HALTED.instrument_id}),
    *_LIMITS,
    (Reason.TOO_MANY_OPEN_ORDERS, {"account": CROWDED}),
    (Reason.INSUFFICIENT_FUNDS, {"account": POOR}),
]
_MARKET: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.UNKNOWN_INSTRUMENT, {"instrument_id": 99}),
    (Reason.INVALID_PRICE, {"price": 1}),
    (Reason.INVALID_COMBINATION, {"time_in_force": TimeInForce.GTC}),
    (Reason.INVALID_COMBINATION, {"time_in_force": TimeInForce.GTT}),
    (Reason.INVALID_COMBINATION, {"post_only": True}),
    (Reason.INVALID_EXPIRY, {"expire_ms": NOW + 1}),
    (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED}),
    (Reason.NOT_TRADING, {"instrument_id": HALTED.instrument_id}),
    (Reason.SIZE_TOO_SMALL, {"size": 1}),
    (Reason.SIZE_TOO_LARGE, {"size": (1 << 62) + 1}),
    (Reason.NOTIONAL_TOO_LARGE, {"size": AMOUNT_MAX // 10 + 1}),
    (Reason.TOO_MANY_OPEN_ORDERS, {"account": CROWDED}),
    (Reason.INSUFFICIENT_FUNDS, {"account": POOR}),
]
_TRANSFER: list[tuple[Reason, dict[str, Any]]] = [
    *_COMMON,
    (Reason.UNKNOWN_ASSET, {"asset_id": 99}),
    (Reason.INVALID_AMOUNT, {"amount": 0}),
    (Reason.INVALID_AMOUNT, {"amount": -AMOUNT_MAX - 1}),
    (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED, "amount": -1}),
    (Reason.INSUFFICIENT_FUNDS, {"amount": -AMOUNT_MAX}),
]
TABLE: dict[str, tuple[Command, list[tuple[Reason, dict[str, Any]]]]] = {
    "limit buy": (PLACE, _PLACE),
    "limit sell": (SELL, _PLACE),
    "market buy": (
        MARKET_BUY,
        [
            *_COMMON,
            (Reason.INVALID_SIZE, {"size": -1}),
            (Reason.INVALID_SIZE, {"size": 0, "funds": 0}),
            (Reason.INVALID_FUNDS, {"funds": -1}),
            (Reason.INVALID_FUNDS, {"funds": AMOUNT_MAX + 1}),
            (Reason.INVALID_COMBINATION, {"time_in_force": TimeInForce.FOK, "size": 0}),
            *_MARKET,
        ],
    ),
    "market sell": (
        MARKET_SELL,
        [
            *_COMMON,
            (Reason.INVALID_SIZE, {"size": 0}),
            (Reason.INVALID_FUNDS, {"funds": 1}),
            *_MARKET,
        ],
    ),
    "cancel": (
        CANCEL._replace(order_id=OPEN),
        [*_COMMON, *_NAMED, (Reason.ORDER_DONE, {"order_id": DONE})],
    ),
    "amend": (
        AMEND._replace(order_id=OPEN),
        [
            *_COMMON,
            (Reason.INVALID_PRICE, {"price": 0}),
            (Reason.INVALID_SIZE, {"size": 0}),
            *_NAMED,
            (Reason.INVALID_COMBINATION, {"order_id": MARKET}),
            (Reason.ORDER_DONE, {"order_id": DONE}),
            (Reason.NOT_TRADING, {"order_id": ON_HALTED}),
            *_LIMITS,
            (Reason.INSUFFICIENT_FUNDS, {"account": CROWDED, "order_id": CROWD, "size": 1_000}),
            (Reason.SIZE_ALREADY_FILLED, {"size": 4}),
        ],
    ),
    "cancel all": (
        CANCEL_ALL,
        [
            *_COMMON,
            (Reason.UNKNOWN_INSTRUMENT, {"instrument_id": 99}),
            (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED}),
        ],
    ),
    "transfer in": (
        TRANSFER,
        [*_COMMON, *(row for row in _TRANSFER if row[0] is not Reason.UNKNOWN_ACCOUNT)],
    ),
    "transfer out": (
        TRANSFER._replace(amount=-1),
        _TRANSFER,
    ),
    "inquire order": (INQUIRE._replace(order_id=OPEN), [*_COMMON, *_NAMED]),
    "inquire balances": (
        INQUIRE._replace(question=Question.BALANCES),
        [
            *_COMMON,
            (Reason.INVALID_COMBINATION, {"order_id": OPEN}),
            (Reason.UNKNOWN_ACCOUNT, {"account": UNOPENED}),
        ],
    ),
    "inquire totals": (
        INQUIRE._replace(question=Question.TOTALS),
        [*_COMMON, (Reason.INVALID_COMBINATION, {"client_order_id": "o1"})],
    ),
}
_RANK = {reason: rank for rank, reason in enumerate(Reason)}


@pytest.fixture(scope="module")
def desk(shard_engine: None) -> Desk:  # noqa: ARG001 - one that is made without it is of the first engine
    """Return a shard in which each reason can hold; one for each engine."""
    desk = Desk()
    desk.report(HALTED._replace(version=2, status=InstrumentStatus.TRADING), HALTED.instrument_id)
    desk.fund(RICH, USD, 10_000_000)
    desk.fund(RICH, BTC, 10_000)
    desk.fund(POOR, USD, 1)
    desk.fund(POOR, USD + 1, 1)
    desk.fund(CROWDED, USD, OPEN_ORDERS_MAX * 6)
    open_order = desk.opened(PLACE._replace(command_id="o1"))
    done = desk.opened(PLACE._replace(command_id="o2"))
    market = desk.placed(MARKET_BUY._replace(command_id=USED, size=9))
    halted = desk.opened(PLACE._replace(command_id="o3", instrument_id=HALTED.instrument_id))
    desk.fill(open_order, price=1_000, size=4, fee=0)
    desk.cancelled(done, 10)
    for number in range(OPEN_ORDERS_MAX):
        command = PLACE._replace(account=CROWDED, command_id=f"o{number}", price=1, size=2)
        desk.shard.command(command, NOW)
    for account in (POOR, CROWDED):
        desk.shard.command(TRANSFER._replace(account=account, command_id=USED), NOW)
        withdraw = TRANSFER._replace(account=account, command_id="back", amount=-1_000_000)
        desk.shard.command(withdraw, NOW)
    desk.report(HALTED._replace(version=3), HALTED.instrument_id)
    assert (open_order, done, market, halted) == (OPEN, DONE, MARKET, ON_HALTED)
    return desk


def _reason(desk: Desk, command: Command) -> Reason:
    """Return why the command is rejected; the desk stays as it is."""
    totals = INQUIRE._replace(command_id="totals", question=Question.TOTALS)
    before = desk.shard.command(totals, NOW)
    *_, rejected = desk.shard.command(command, NOW).events
    assert isinstance(rejected, Rejected), f"{command} is accepted: {rejected}"
    assert before == desk.shard.command(totals, NOW)
    return rejected.reason


def _rows() -> Iterator[Any]:
    for name, (command, rows) in TABLE.items():
        for reason, change in rows:
            yield pytest.param(command, reason, change, id=f"{name}-{reason}-{change}")


@pytest.mark.parametrize(("command", "reason", "change"), list(_rows()))
def test_reason(desk: Desk, command: Command, reason: Reason, change: dict[str, Any]) -> None:
    """Each broken rule has its reason."""
    fresh = command._replace(**{"command_id": f"{_number()}", **change})
    assert reason is _reason(desk, fresh)


def test_an_account_that_no_record_can_say_is_none() -> None:
    """The reference takes values, so it must refuse it; the native engine never sees one."""
    with under_test("shard", "reference"):
        beyond = PLACE._replace(account=ACCOUNT_MAX + 1)
        assert Reason.INVALID_ACCOUNT is _reason(Desk(), beyond)


@pytest.mark.parametrize("name", TABLE)
def test_the_earlier_of_two_reasons_wins(desk: Desk, name: str) -> None:
    """Whatever two rules a command breaks, where they can be broken both."""
    command, rows = TABLE[name]
    walked = 0
    for (first, one), (second, other) in combinations(rows, 2):
        if (
            one.keys() & other.keys()
            or _excludes(first, one, other)
            or _excludes(second, other, one)
        ):
            continue
        both = command._replace(**{"command_id": f"{_number()}", **one, **other})
        expected = min(first, second, key=_RANK.__getitem__)
        assert expected is _reason(desk, both), (expected, one, other)
        walked += 1
    assert walked > len(rows), "most pairs can be broken both"


def _excludes(reason: Reason, change: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether the other change mends what this one breaks."""
    if reason is Reason.DUPLICATE_ID:
        return other.get("account", RICH) not in (RICH, POOR, CROWDED)
    if reason is Reason.INVALID_SIZE and change.get("size") == 0:
        return "funds" in other and other["funds"] != 0
    if reason is Reason.INVALID_EXPIRY and "time_in_force" in other:
        return other["time_in_force"] is TimeInForce.GTT
    if reason in (Reason.INVALID_COMBINATION, Reason.UNKNOWN_ORDER, Reason.ORDER_DONE):
        return bool(other.keys() & {"order_id", "client_order_id", "account"})
    if reason in (Reason.NOT_TRADING, Reason.INSUFFICIENT_FUNDS, Reason.SIZE_ALREADY_FILLED):
        return bool(other.keys() & {"order_id", "client_order_id", "account", "size"})
    return False


_numbers = iter(range(1 << 30))


def _number() -> int:
    return next(_numbers)


def test_every_reason_of_the_ledger_is_in_the_table() -> None:
    """Those of the book are told on; size_already_filled is both's."""
    reasons = list(Reason)
    ledger = reasons[1 : _RANK[Reason.SIZE_ALREADY_FILLED] + 1]
    seen = {reason for _, rows in TABLE.values() for reason, _ in rows}
    assert ledger == sorted(seen, key=_RANK.__getitem__)
