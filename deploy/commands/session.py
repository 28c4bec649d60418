"""One conversation with a running exchange, for a command that asks and ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from partita.producers import Client

_Answer = TypeVar("_Answer")


def ask(bootstrap: str, question: Callable[[Client], Awaitable[_Answer]]) -> _Answer:
    """Connect, put a question (which may be several commands), disconnect; return the answer.

    Raises:
        PartitaError: as the SDK says.
    """

    async def conversation() -> _Answer:
        async with Client.connecting(bootstrap) as client:
            return await question(client)

    return asyncio.run(conversation())
