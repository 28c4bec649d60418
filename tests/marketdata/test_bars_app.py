"""The candle process beside faust: what is told when a partition is given back."""

import asyncio
from typing import NamedTuple

from partita.marketdata.bars.app import BarsApp, Part, Settings
from partita.schemas.topics import TRADES


class At(NamedTuple):
    """A partition, as faust names it."""

    topic: str
    partition: int


async def test_a_partition_is_given_back_behind_what_is_being_told_of_it() -> None:
    """The next owner looks at what stands then: an old word that came later would stay."""
    app = BarsApp(Settings("127.0.0.1:1"))
    app._parts[0] = Part()  # noqa: SLF001 - as assigned, and no Kafka is needed
    async with app._telling:  # noqa: SLF001 - records are under way
        given_back = asyncio.create_task(app._revoked(None, [At(TRADES, 0)]))  # noqa: SLF001 - by faust
        await asyncio.sleep(0.05)
        assert not given_back.done()
        assert app._parts == {}  # noqa: SLF001 - nothing more is told of it
    await asyncio.wait_for(given_back, 1.0)
