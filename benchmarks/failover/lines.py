"""With A and B lines: one matcher and one ledger worker of line A killed under load.

An embedded exchange of two lines, limit orders of 1,000 accounts on four symbols through one SDK
client, open loop. After a warm-up an undisturbed stretch, then SIGKILL to the matcher of line A,
and, a stretch later, to its ledger; both are started again by their supervisor, beside the load.
The longest gap in settled events is that of any lane (a shard and a partition of the books), in
each stretch. Failed requests: rejected, or without an answer.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import NamedTuple

from benchmarks.failover.settled import Settled
from benchmarks.venue import orders, session
from partita.deploy.exchange import Exchange
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.latency import percentiles
from partita.deploy.replay.sender import Sender

# As `partita up` does.
_LOOK_EVERY_S = 0.2


@contextmanager
def supervised(exchange: Exchange) -> Iterator[None]:
    """Look after an exchange in a thread, so that what was killed is started again."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY_S):
            exchange.look_after(lambda line: print(f"  {line}"))

    thread = threading.Thread(target=look, name="supervisor")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def kill(exchange: Exchange, name: str) -> float:
    """Kill a worker that this exchange has started; return when, by perf_counter."""
    (pid,) = (state.pid for state in exchange.states() if state.name == name)
    assert pid is not None, f"{name} runs"
    os.kill(pid, signal.SIGKILL)
    return perf_counter()


class LinesResult(NamedTuple):
    """What was found."""

    failed: int  # requests
    sent: int
    gaps_s: dict[str, float]  # the longest, by stretch
    p99_ms: float
    max_ms: float


async def measure(
    exchange: Exchange, rate: int, seconds: int, warm_up_s: int, kills: int
) -> list[LinesResult]:
    """Run so many times an undisturbed stretch and two deaths."""
    found = []
    async with session(exchange.bootstrap) as venue:
        await venue.fund(orders(rate * warm_up_s, rate, seed=0))
        await venue.run(orders(rate * warm_up_s, rate, seed=0), 1.0)
        for number in range(1, kills + 1):
            count = rate * 3 * seconds
            await venue.fund(orders(count, rate, seed=number))
            sender = Sender(venue.client, RunIds(f"lines{number:03}"), 1.0)
            settled = Settled(exchange.instruments)
            stops = [venue.client.listen(sender.take), venue.client.listen(settled.hear)]
            sending = asyncio.create_task(sender.send(orders(count, rate, seed=number)))
            begun_s = perf_counter()
            stretches = {"undisturbed": begun_s + 1.0}
            for name in ("matchers-1", "ledger-1"):
                await asyncio.sleep(seconds)
                stretches[f"{name} killed"] = kill(exchange, name)
            await sending
            await sender.settle()
            for stop in stops:
                stop()
            ends_s = [*list(stretches.values())[1:], perf_counter()]
            following = sender.following
            latency = percentiles(following.latencies_s)
            found.append(
                LinesResult(
                    failed=sum(following.rejections.values()) + following.unknown,
                    sent=sender.sent,
                    gaps_s={
                        name: settled.longest(from_s, to_s).length_s
                        for (name, from_s), to_s in zip(stretches.items(), ends_s, strict=True)
                    },
                    p99_ms=latency.p99_ms,
                    max_ms=latency.max_ms,
                )
            )
    return found
