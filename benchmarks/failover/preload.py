"""A large book and a large shard: every account with money and an order that rests."""

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal

from partita.deploy.exchange import Exchange
from partita.log.kafka.admin import Admin
from partita.log.kafka.past import PastReader
from partita.producers import Client, Placed, Transferred
from partita.schemas.codec import decode
from partita.schemas.operations import WorkerStatus
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS, WORKER_STATUS

SYMBOL = "BTC-USD"
_AT_ONCE = 2_000  # unanswered commands
_LEVELS = 1_000
_SIZE, _TICK = Decimal("0.01"), Decimal("0.01")
_LOOK_EVERY_S = 0.5
_PATIENCE_S = 300.0


def accounts(count: int, shards: int) -> Sequence[int]:
    """Return so many accounts of one shard."""
    return range(1, 1 + count * shards, shards)


async def preload(client: Client, owners: Sequence[int], orders: int) -> None:
    """Give each account money, and let so many orders rest in one book, an owner after another."""

    def deposit(number: int) -> asyncio.Future[Transferred]:
        return client.submit_transfer(owners[number], "USD", 1_000)

    def place(number: int) -> asyncio.Future[Placed]:
        account, price = owners[number % len(owners)], _TICK * (1 + number % _LEVELS)
        return client.submit_place(account, SYMBOL, "buy", price=price, size=_SIZE)

    for begun in range(0, len(owners), _AT_ONCE):
        await asyncio.gather(*map(deposit, range(begun, min(len(owners), begun + _AT_ONCE))))
    for begun in range(0, orders, _AT_ONCE):
        await asyncio.gather(*map(place, range(begun, min(orders, begun + _AT_ONCE))))


def statuses(bootstrap: str) -> list[WorkerStatus]:
    """Return the last word of each worker about each of its partitions."""
    found = {}
    for record in PastReader(bootstrap, WORKER_STATUS).records(0):
        found[record.key] = decode(record.value)
    return list(found.values())


def await_snapshots(exchange: Exchange, shard: int) -> None:
    """Wait until the shard and the book have snapshots of all there is now; they must be in use.

    Raises:
        AssertionError: they are not taken.
    """
    admin, shape = Admin(exchange.bootstrap), Admin(exchange.bootstrap).shape()
    (book,) = (i.partition for i in exchange.instruments if i.symbol == SYMBOL)
    ends = {
        ("ledger", shard): admin.sizes(ACCOUNT_COMMANDS, shape.shards)[shard],
        ("matchers", book): admin.sizes(ORDERS, shape.partitions)[book],
    }
    deadline_s = time.monotonic() + _PATIENCE_S
    while any(
        status.snapshot_position < ends.get((status.service, status.partition), -1)
        for status in statuses(exchange.bootstrap)
    ):
        assert time.monotonic() < deadline_s, "no snapshots are taken"
        time.sleep(_LOOK_EVERY_S)
