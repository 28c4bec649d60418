"""Orders for a bulk: many accounts, a few symbols, a market that moves to and fro."""

import asyncio
import random
from array import array
from collections.abc import Sequence

from benchmarks.venue import ACCOUNTS, SYMBOLS
from partita.producers import Client
from partita.producers.bulk import OrderTable

_MIDDLE = 10_000  # ticks
_SWING = 100  # ticks by which the market moves to either side
_PERIOD = 4_000  # orders of a symbol until it is back
_NEAR = 10  # ticks from the market within which orders lie
_MONEY = "10000000"


def orders(client: Client, count: int, seed: int, symbols: Sequence[str] = SYMBOLS) -> OrderTable:
    """Return limit orders near a market that moves, of symbols at random.

    About half of them trade when they arrive, and most others are met when the market comes back:
    six in a hundred rest for ever, at either end of its swing. (Where the market stands still, it
    is four in ten: then memory tells of how long the run was.)
    """
    chance = random.Random(seed)
    ids = [client.instruments[symbol].instrument_id for symbol in symbols]
    middles = [_middle(turn) - _NEAR for turn in range(_PERIOD)]
    turns = (number // len(ids) % _PERIOD for number in range(count))
    return OrderTable(
        account=array("q", [1 + int(chance.random() * ACCOUNTS) for _ in range(count)]),
        instrument_id=array("q", [ids[int(chance.random() * len(ids))] for _ in range(count)]),
        side=array("q", [int(chance.random() * 2) for _ in range(count)]),
        price=array(
            "q", [middles[turn] + int(chance.random() * (2 * _NEAR + 1)) for turn in turns]
        ),
        size=array("q", [1 + int(chance.random() * 100) for _ in range(count)]),
    )


def _middle(turn: int) -> int:
    """Return where the market stands: up in the first half of a period, down in the second.

    >>> [_middle(turn) for turn in (0, 1_000, 2_000, 3_000, 3_999)]
    [9900, 10000, 10100, 10000, 9900]
    """
    up = min(turn, _PERIOD - turn)
    return _MIDDLE - _SWING + 4 * _SWING * up // _PERIOD


async def fund(client: Client, symbols: Sequence[str] = SYMBOLS, money: str = _MONEY) -> None:
    """Give every account so much of every asset of these symbols: enough for any number of runs."""
    for asset in ("USD", *(symbol.partition("-")[0] for symbol in symbols)):
        await asyncio.gather(
            *(client.transfer(account, asset, money) for account in range(1, ACCOUNTS + 1))
        )
