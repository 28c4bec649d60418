"""An even load, open loop, and what became of each deed; unknown ones are asked after."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from crashes.market import Deed, Flow

from partita.producers import Client, Placed, RawEvent
from partita.schemas.accounts import Done, Received
from partita.schemas.errors import NoAnswer, OutcomeUnknown, Overloaded, Rejected
from partita.schemas.reasons import Reason

_AGAIN_S = 0.5
# How long after its last moment a command is asked after: the log's clock may be behind ours.
_MARGIN_S = 1.0


class Load:
    """Runs deeds on a client."""

    def __init__(self, client: Client, flow: Flow) -> None:
        self.counts: Counter[str] = Counter()
        # Orders by account and client_order_id: what clients were told.
        self.acknowledged: set[tuple[int, str]] = set()
        self.refused: set[tuple[int, str]] = set()
        self.taken_after_all: set[tuple[int, str]] = set()
        self.never_taken: set[tuple[int, str]] = set()
        self._client = client
        self._flow = flow
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []
        self._symbols = {i.instrument_id: i.symbol for i in client.instruments.values()}
        client.listen(self._hear)

    def _hear(self, events: Sequence[RawEvent]) -> None:
        for raw in events:
            match raw.event:
                case Received(repeated=False) as event:
                    symbol = self._symbols[event.instrument_id]
                    self._flow.open[event.account][event.order_id] = symbol
                case Done() as event:
                    self._flow.open[event.account].pop(event.order_id, None)

    async def run(self, per_s: float, stop: asyncio.Event) -> None:
        """Start deeds at an even pace until told to stop."""
        began_s, count = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - began_s) * per_s)
            for _ in range(count, due):
                self._start(self._flow.next())
            count = max(count, due)
            await asyncio.sleep(1 / per_s)

    def start(self, deeds: Iterable[Deed]) -> None:
        """Start deeds at once."""
        for deed in deeds:
            self._start(deed)

    def _start(self, deed: Deed) -> None:
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
        """Wait until every deed has an answer, and every unknown one is cleared up.

        Raises:
            Exception: what no client should meet.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        for error in self._errors:
            raise error

    async def _do(self, deed: Deed) -> None:
        counts = self.counts
        counts["operations"] += 1
        try:
            answer = await deed.submit()
        except Rejected as refusal:
            counts["rejected"] += 1
            if deed.what == "place":
                self.refused.add((deed.account, refusal.command_id))
        except OutcomeUnknown as unknown:
            counts["unknown"] += 1
            await self._clear_up(deed, unknown)
        except NoAnswer:
            counts["inquiries without an answer"] += 1
        except Overloaded:
            counts["not sent"] += 1
        else:
            counts["acknowledged"] += 1
            if isinstance(answer, Placed):
                self.acknowledged.add((deed.account, answer.client_order_id))

    async def _clear_up(self, deed: Deed, unknown: OutcomeUnknown) -> None:
        """Find out what became of a command: an order is asked after, a transfer repeated."""
        if deed.what == "transfer":
            self.counts["repeated"] += 1
            await asyncio.sleep(_AGAIN_S)
            await self._do(deed)
        elif deed.what == "place":
            await asyncio.sleep(unknown.valid_until_ms / 1_000 - time.time() + _MARGIN_S)
            name = (deed.account, unknown.command_id)
            taken = await self._is_known(*name)
            (self.taken_after_all if taken else self.never_taken).add(name)

    async def _is_known(self, account: int, client_order_id: str) -> bool:
        while True:
            try:
                await self._client.order(account, client_order_id=client_order_id)
            except Rejected as refusal:
                if refusal.reason is not Reason.UNKNOWN_ORDER:
                    raise
                return False
            except (NoAnswer, Overloaded):
                await asyncio.sleep(_AGAIN_S)
            else:
                return True
