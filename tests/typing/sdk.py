"""What the SDK promises to a type checker: run `mypy tests/typing/sdk.py`; nothing here runs."""

import asyncio
from collections.abc import Iterator
from typing import assert_type

from partita.producers import (
    Amended,
    BalanceView,
    BlockingClient,
    Cancelled,
    CancelledAll,
    Client,
    OrderView,
    Placed,
    PrivateEvent,
    TickerView,
    TotalsView,
    Transferred,
)
from partita.producers.bulk import Bulk, OrderTable, Outcomes, RowState
from partita.schemas.reasons import Reason


async def tables(client: Client) -> None:
    """Many orders at once."""
    async with client.bulk() as bulk:
        assert_type(bulk, Bulk)
        table = OrderTable()
        bulk.add(table, 7, "BTC-USD", "buy", price="1", size=2)
        bulk.add(table, 7, "BTC-USD", "buy", price=1.5)  # type: ignore[arg-type]  # floats round
        placed = await bulk.place(table)
        assert_type(placed, Outcomes)
        assert_type(await bulk.cancel(table.account, placed.order_ids), Outcomes)
        assert_type(bulk.offer(table), range)
        assert_type(placed.counts()[RowState.DONE], int)
        assert_type(placed.reason(0), Reason)


async def asynchronous(client: Client) -> None:
    """Each call with what it returns."""
    placed = await client.place(7, "BTC-USD", "buy", price="1", size=2)
    assert_type(placed, Placed)
    assert_type(client.submit_place(7, "BTC-USD", "buy", size=1), asyncio.Future[Placed])
    assert_type(await client.cancel(7, order_id=1), Cancelled)
    assert_type(await client.cancel_all(7, "BTC-USD"), CancelledAll)
    assert_type(await client.transfer(7, "USD", 1), Transferred)
    assert_type(await client.amend(7, order_id=1, price=1, size=1), Amended)
    assert_type(await client.balances(7), dict[str, BalanceView])
    assert_type(await client.totals(), dict[str, TotalsView])
    assert_type(await client.open_orders(7), list[OrderView])
    assert_type(await client.outcome(7, placed), OrderView)
    async for event in client.events(7):
        assert_type(event, PrivateEvent)


def synchronous(client: BlockingClient) -> None:
    """The same without await, arguments and all."""
    placed = client.place(7, "BTC-USD", "buy", price="1", size=2)
    assert_type(placed, Placed)
    assert_type(client.balances(7), dict[str, BalanceView])
    assert_type(client.outcome(7, placed), OrderView)
    assert_type(client.ticker("BTC-USD"), TickerView | None)
    assert_type(client.events(7), Iterator[PrivateEvent])
    client.place(7, "BTC-USD", "buy", price=1.5)  # type: ignore[arg-type]  # floats round
    client.place("7", "BTC-USD", "buy")  # type: ignore[arg-type]  # a number
    client.place(7, "BTC-USD", "buy", prize="1")  # type: ignore[call-arg]  # no such word
