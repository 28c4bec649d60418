"""Without a second line: one worker of each kind, a large book and a large shard, and a death.

An embedded exchange with 100,000 orders resting in one book, of 100,000 accounts of one shard, and
a trickle of orders that are done at once on that book and shard. Then SIGKILL, to the matcher and
to the ledger by turns, and the times from one event to the next:

- started: the supervisor has seen the end and started another process;
- noticed: the cluster has given that process the partitions (it waits for the dead one's session);
- restored: the process has made its machines from their snapshots;
- settled: a client hears of the first order that settles, on that shard and book.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.failover.lines import kill
from benchmarks.failover.preload import SYMBOL, accounts, await_snapshots, preload, statuses
from benchmarks.failover.settled import Settled
from benchmarks.venue import session
from partita.deploy.exchange import Exchange
from partita.log.kafka.admin import Admin
from partita.producers import Client, Placed
from partita.schemas.errors import LogError, Rejected
from partita.schemas.topics import shard_of

_TRICKLE_S = 0.005
_LOOK_EVERY_S = 0.01
_PATIENCE_S = 120.0
_OWNS = re.compile(r"^(\S+ \S+),(\d+) \w+ \S+ owns partition \d+, from offset", re.MULTILINE)


class Death(NamedTuple):
    """A death and what followed, seconds from the kill."""

    name: str
    started_s: float
    noticed_s: float
    restored_s: float
    settled_s: float
    recovery_ms: int  # what the worker says itself: the longest of its partitions

    @property
    def resumed_s(self) -> float:
        """From notice to settled."""
        return self.settled_s - self.noticed_s


async def measure(exchange: Exchange, orders: int, owners: int, kills: int) -> list[Death]:
    """Load, and kill each worker so many times."""
    mine = accounts(owners, exchange.plan.shards)
    shard = shard_of(mine[0], exchange.plan.shards)
    found = []
    async with session(exchange.bootstrap) as venue:
        print(f"  {owners:,} deposits, {orders:,} orders")
        await preload(venue.client, mine, orders)
        settled = Settled(exchange.instruments)
        stop_listening = venue.client.listen(settled.hear)
        trickle = asyncio.create_task(_trickle(venue.client, mine[0]))
        print("  waiting for snapshots")
        await asyncio.to_thread(await_snapshots, exchange, shard)
        for name in ("matchers-1", "ledger-1") * kills:
            await asyncio.sleep(3.0)
            found.append(await asyncio.to_thread(_death, exchange, name, settled))
            await asyncio.to_thread(await_snapshots, exchange, shard)
        trickle.cancel()
        stop_listening()
    return found


async def _trickle(client: Client, account: int) -> None:
    """Place orders that find nothing and are done."""
    while True:
        future = client.submit_place(
            account, SYMBOL, "buy", price="0.01", size="0.01", time_in_force="IOC"
        )
        future.add_done_callback(_hear)
        await asyncio.sleep(_TRICKLE_S)


def _hear(placed: asyncio.Future[Placed]) -> None:
    """Take an answer; those that the end of the run leaves open are nobody's loss."""
    if not placed.cancelled() and isinstance(error := placed.exception(), Rejected):
        raise error


def _death(exchange: Exchange, name: str, settled: Settled) -> Death:
    log = exchange.plan.data / "workers" / f"{name}.log"
    said_before, old, service = log.stat().st_size, _pid(exchange, name), name.partition("-")[0]
    with _watched(exchange, f"partita-{service}") as noticed_at:
        wall_s, killed_s = time.time(), kill(exchange, name)
        _await(lambda: _pid(exchange, name) not in {None, old})
        started_s, owner = perf_counter(), f"pid {_pid(exchange, name)}"
        _await(lambda: settled.back_at(killed_s + 0.1) is not None)
        _await(lambda: owner in noticed_at)
    settled_s = settled.back_at(killed_s + 0.1)
    assert settled_s is not None, "it was awaited"
    _await(lambda: min(_recoveries(exchange, service, owner), default=-1) >= 0)
    return Death(
        name,
        started_s - killed_s,
        noticed_at[owner] - killed_s,
        max(_owned_at(log, said_before)) - wall_s,
        settled_s - killed_s,
        max(_recoveries(exchange, service, owner)),
    )


def _pid(exchange: Exchange, name: str) -> int | None:
    return next(state.pid for state in exchange.states() if state.name == name)


def _await(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(_LOOK_EVERY_S)


@contextmanager
def _watched(exchange: Exchange, group: str) -> Iterator[dict[str, float]]:
    """Give, as it comes to be known, when each process was first given a partition."""
    stop, found, admin = threading.Event(), dict[str, float](), Admin(exchange.bootstrap)

    def look() -> None:
        while not stop.wait(_LOOK_EVERY_S):
            with suppress(LogError):  # the group is being dealt out
                for member, owned in admin.members(group).items():
                    if owned:
                        found.setdefault(member[member.index("pid ") :], perf_counter())

    thread = threading.Thread(target=look, name="group watch")
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _owned_at(log: Path, from_byte: int) -> list[float]:
    """Return when a worker said that it owns a partition, seconds since 1970."""
    text = log.read_bytes()[from_byte:].decode()
    return [
        datetime.fromisoformat(f"{found[1]}.{found[2]}").astimezone(UTC).timestamp()
        for found in _OWNS.finditer(text)
    ]


def _recoveries(exchange: Exchange, service: str, owner: str) -> list[int]:
    """Return how long a process says that each of its partitions took; -1: it is not back."""
    return [
        status.recovery_ms
        for status in statuses(exchange.bootstrap)
        if status.service == service and status.owner.endswith(owner)
    ]
