"""Trading on a running exchange, and its store compared with its log."""

import asyncio
import random
import time
from collections.abc import Callable

from clusters.programs import PATIENCE_S

from partita.deploy.audit.store_check import Verified, verify
from partita.deploy.exchange import Exchange
from partita.ledger.store.errors import StoreMissing, StoreUnavailable
from partita.producers import Client, Placed

SYMBOLS = ("BTC-USD", "ETH-USD")
ACCOUNTS = range(1, 7)


async def trade(bootstrap: str, orders: int, on_the_way: Callable[[int], None]) -> list[Placed]:
    """Trade at random around one price; return what was placed."""
    draw = random.Random(9)
    async with Client.connecting(bootstrap) as client:
        await asyncio.gather(
            *(
                client.submit_transfer(account, asset, "1000000")
                for account in ACCOUNTS
                for asset in ("USD", "BTC", "ETH")
            )
        )
        placed = []
        for n in range(orders):
            placed.append(
                client.submit_place(
                    draw.choice(ACCOUNTS),
                    draw.choice(SYMBOLS),
                    draw.choice(("buy", "sell")),
                    price=draw.randrange(95, 106),
                    size=draw.randrange(1, 9),
                )
            )
            if n % 20 == 0:
                on_the_way(n)
                await asyncio.sleep(0.1)
        found = list(await asyncio.gather(*placed))
        for account in ACCOUNTS:
            for symbol in SYMBOLS:
                await client.cancel_all(account, symbol)
        return found


def settled(bootstrap: str, address: str, exchange: Exchange | None = None) -> Verified:
    """Wait until a store has all that the log has, and compare them."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            found = verify(bootstrap, address)
        except (StoreUnavailable, StoreMissing):  # it comes up again
            if time.monotonic() > deadline_s:
                raise
        else:
            if found.covered == found.events or time.monotonic() > deadline_s:
                return found
        if exchange is not None:
            exchange.look_after(lambda _: None)
        time.sleep(0.2)
