"""The real path: a bulk of orders through ledger and matcher, at full speed or open loop."""

import asyncio
import gc
import time
from array import array
from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.pairs.flow import orders
from benchmarks.relay.usage import Spent, usage
from partita.deploy.replay.latency import Percentiles, percentiles
from partita.producers import Client
from partita.producers.bulk import Bulk, OrderTable, RowState
from partita.schemas.errors import Overloaded


class Throughput(NamedTuple):
    """A run at full speed."""

    orders_s: float  # from the first send to the last order heard to be settled
    spent: Spent


class Latency(NamedTuple):
    """A run at a steady rate, from the planned send to hearing that the order is settled."""

    percentiles: Percentiles
    refused: int  # rows for which there was no room


def _assert_settled(states: bytes) -> None:
    unsettled = sum(state in (RowState.UNANSWERED, RowState.RECEIVED) for state in states)
    assert not unsettled, f"{unsettled} orders were not settled"
    rejected = states.count(RowState.REJECTED)
    assert not rejected, f"{rejected} orders were rejected"


async def throughput(bulk: Bulk, table: OrderTable, pids: Mapping[str, int]) -> Throughput:
    """Place a table as fast as there is room."""
    gc.collect()
    gc.freeze()
    before, start_s = usage(pids), time.perf_counter()
    found = await bulk.place(table)
    seconds = time.perf_counter() - start_s
    spent = usage(pids).since(before, len(table))
    gc.unfreeze()
    _assert_settled(found.states)
    return Throughput(len(table) / seconds, spent)


async def steady(
    client: Client, bulk: Bulk, rate: int, seconds: float, pause_s: float, seed: int
) -> Latency:
    """Offer orders at a steady rate, each at its planned time whatever became of those before."""
    total = int(rate * seconds)
    table = orders(client, total, seed)
    gc.collect()
    gc.freeze()
    first, refused, sent = bulk.rows, 0, 0
    offered: list[tuple[int, int]] = []  # (the number of the first order, how many) of each send
    start_ns = time.perf_counter_ns() + 1_000_000
    while sent < total:
        due = min(total, int((time.perf_counter_ns() - start_ns) * rate / 1e9))
        if due > sent:
            try:
                taken = len(bulk.offer(table.part(sent, due)))
            except Overloaded:
                taken = 0
            offered.append((sent, taken))
            refused += due - sent - taken
            sent = due
        await asyncio.sleep(pause_s)
    rows = range(first, bulk.rows)
    found = await bulk.until_settled(rows)
    bulk.forget(rows)
    gc.unfreeze()
    _assert_settled(found.states)
    numbers = (at + number for at, taken in offered for number in range(taken))
    late = array("d")
    late.extend(
        (heard - start_ns) / 1e9 - number / rate
        for heard, number in zip(found.heard_ns, numbers, strict=True)
    )
    return Latency(percentiles(late), refused)
