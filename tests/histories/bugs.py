"""Bugs put into the exchange on purpose; the auditor must find each from what clients hear."""

from typing import Any

import pytest
from simulation.breakages import (
    Breakage,
    improvement_kept,
    release_twice,
    transfer_ids_forgotten,
)

from partita.ledger.reference import hear
from partita.ledger.reference import orders as ledger_orders
from partita.ledger.reference.ledger import Ledger
from partita.matchers.reference import book as books
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.schemas.accounts import AccountEvent
from partita.schemas.enums import OrderState
from partita.schemas.reports import OrdersCancelled

Patch = pytest.MonkeyPatch


def fok_in_part(patch: Patch) -> None:
    """A fill-or-kill order takes what there is."""
    patch.setattr(books, "can_fill", lambda *_: True)


def post_only_takes(patch: Patch) -> None:
    """A post-only order trades rather than being rejected."""
    patch.setattr(RestingOrders, "would_take", lambda *_: False)


def _made_otherwise(patch: Patch, **fields: Any) -> None:
    real = Order.__init__

    def init(self: Order, *arguments: Any) -> None:
        real(self, *arguments)
        for name, of in fields.items():
            setattr(self, name, of(self))

    patch.setattr(Order, "__init__", init)


def immediate_rests(patch: Patch) -> None:
    """What an immediate order does not take stays in the book."""
    _made_otherwise(patch, may_rest=lambda order: not order.is_market)


def makers_pay_as_takers(patch: Patch) -> None:
    """The fee of a maker is a taker's."""
    _made_otherwise(patch, maker_fee_ppm=lambda order: order.taker_fee_ppm)


def expires_early(patch: Patch) -> None:
    """An order expires before its time."""
    real = books.ReferenceBook._pass_time  # noqa: SLF001 - breaking the inside is the point

    def pass_time(self: books.ReferenceBook, time_ms: int, events: list[Any]) -> None:
        real(self, time_ms + 1_400, events)
        self._time_ms = time_ms

    patch.setattr(books.ReferenceBook, "_pass_time", pass_time)


def sweeps_miscounted(patch: Patch) -> None:
    """A cancel-all tells of one order more than there was."""
    real = hear.orders_cancelled

    def told(ledger: Ledger, instrument_id: int, report: OrdersCancelled) -> list[AccountEvent]:
        return real(ledger, instrument_id, report._replace(count=report.count + 1))

    patch.setattr(hear, "orders_cancelled", told)


def status_off(patch: Patch) -> None:
    """An inquiry tells of more lots than were filled."""
    real = ledger_orders.Order.status
    patch.setattr(
        ledger_orders.Order,
        "status",
        lambda self: real(self)._replace(filled=self.filled + 1),
    )


def amends_bring_too_much(patch: Patch) -> None:
    """An amend sets one aside that nobody needs."""
    real = Ledger.move_hold

    def move_hold(self: Ledger, order: Any, amount: int) -> Any:
        more = amount > 0 and order.state is not OrderState.RECEIVED
        told = real(self, order, amount)
        return told._replace(available=told.available - 1, held=told.held + 1) if more else told

    patch.setattr(Ledger, "move_hold", move_hold)


BUGS: tuple[Breakage, ...] = (
    release_twice,
    improvement_kept,
    transfer_ids_forgotten,
    fok_in_part,
    post_only_takes,
    immediate_rests,
    makers_pay_as_takers,
    expires_early,
    sweeps_miscounted,
    status_off,
    amends_bring_too_much,
)
