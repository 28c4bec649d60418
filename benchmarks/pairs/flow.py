"""Orders for a bulk: many accounts, a few symbols, about half of them trade at once."""

import asyncio
import random
from array import array
from collections.abc import Sequence

from benchmarks.venue import ACCOUNTS, SYMBOLS
from partita.producers import Client
from partita.producers.bulk import OrderTable

_MIDDLE = 10_000  # ticks
_MONEY = "10000000"


def orders(client: Client, count: int, seed: int, symbols: Sequence[str] = SYMBOLS) -> OrderTable:
    """Return limit orders within 20 ticks of the middle on either side, of symbols at random.

    So that about half of them trade when they arrive, and the others rest and are traded with:
    books stay shallow, as books that trade are.
    """
    chance = random.Random(seed)
    ids = [client.instruments[symbol].instrument_id for symbol in symbols]
    sides = array("q", [int(chance.random() * 2) for _ in range(count)])
    return OrderTable(
        account=array("q", [1 + int(chance.random() * ACCOUNTS) for _ in range(count)]),
        instrument_id=array("q", [ids[int(chance.random() * len(ids))] for _ in range(count)]),
        side=sides,
        price=array("q", [_MIDDLE + 8 * side - 20 + int(chance.random() * 33) for side in sides]),
        size=array("q", [1 + int(chance.random() * 100) for _ in range(count)]),
    )


async def fund(client: Client, symbols: Sequence[str] = SYMBOLS) -> None:
    """Give every account enough of every asset of these symbols for any number of runs."""
    for asset in ("USD", *(symbol.partition("-")[0] for symbol in symbols)):
        await asyncio.gather(
            *(client.transfer(account, asset, _MONEY) for account in range(1, ACCOUNTS + 1))
        )
