"""An even load, open loop, through a client that keeps its history; and what became of it."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from crashes.gaps import Gaps
from crashes.market import Deed, Flow
from histories.recorder import Ending, Recorder

from partita.producers import ClientLimits, Placed, RawEvent
from partita.schemas.accounts import Done, Received

_PATIENCE_S = 180.0


class Load(Recorder):
    """A recorder that does the deeds of a flow."""

    def __init__(
        self, bootstrap: str, path: Path, seed: int, limits: ClientLimits, gaps: Gaps
    ) -> None:
        super().__init__(
            bootstrap, path=path, strangers=False, limits=limits, patience_s=_PATIENCE_S
        )
        self.flow = Flow(self, seed)
        self.endings: Counter[Ending] = Counter()
        # Orders by account and client_order_id: what their clients know in the end.
        self.orders: dict[Ending, set[tuple[int, str]]] = {ending: set() for ending in Ending}
        self._gaps = gaps
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    def _hear(self, events: Sequence[RawEvent]) -> None:
        super()._hear(events)
        self._gaps.hear(events)
        for raw in events:
            match raw.event:
                case Received(repeated=False) as event:
                    symbol = self._session.catalogue.by_id(event.instrument_id).instrument.symbol
                    self.flow.open[event.account][event.order_id] = symbol
                case Done() as event:
                    self.flow.open[event.account].pop(event.order_id, None)
                case _:
                    pass

    async def run(self, per_s: float, stop: asyncio.Event) -> None:
        """Start deeds at an even pace until told to stop."""
        began_s, count = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - began_s) * per_s)
            self.start(self.flow.next() for _ in range(count, due))
            count = max(count, due)
            await asyncio.sleep(1 / per_s)

    def start(self, deeds: Iterable[Deed]) -> None:
        """Start deeds at once."""
        for deed in deeds:
            self._spawn(self._do(deed))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._errors.append(error)

    async def settled(self) -> None:
        """Wait until it is known what became of every deed.

        Raises:
            PartitaError: what no client should meet.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        for error in self._errors:
            raise error

    async def _do(self, deed: Deed) -> None:
        outcome = await deed.do()
        if isinstance(outcome, bool):  # it only asks
            return
        self.endings[outcome.ending] += 1
        if deed.client_order_id:
            if isinstance(outcome.value, Placed):
                assert outcome.value.client_order_id == deed.client_order_id, deed
            self.orders[outcome.ending].add((deed.account, deed.client_order_id))
