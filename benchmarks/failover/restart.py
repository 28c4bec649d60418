"""Everything stopped after so many commands, and started again: bounded by the snapshots' cadence.

An embedded exchange takes so many limit orders at full speed, taken back after each 50,000 so that
the state does not grow with the history, and is stopped. Then, in the same
folder, it is started as `partita up` starts it. Measured: from the start to answering; of that,
from the start of the workers to answering (every shard answers and has heard of every asset); and
how many records the workers replay to get there.
"""

import asyncio
import re
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.venue import ACCOUNTS, SYMBOLS, orders, session
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.log.kafka.admin import Admin
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

_PIECE = 50_000  # orders that are followed at a time
_OWNS = re.compile(r"owns partition (\d+), from offset (\d+)")
_WORKERS_STARTED = "waiting for the ledger to answer"


class Restart(NamedTuple):
    """What was found."""

    commands: int
    records: int  # on the inputs, in all
    replayed: int  # of them
    up_s: float  # from the start of everything to answering
    workers_s: float  # from the start of the workers to answering


def measure(folder: Path, commands: int, snapshot_every_ms: int) -> Restart:
    """Run, stop, start again."""
    plan = Plan(folder, DEFAULT_FILE, snapshot_every_ms=snapshot_every_ms)
    with Exchange(plan) as exchange:
        exchange.start(lambda line: print(f"  {line}"))
        asyncio.run(_trade(exchange.bootstrap, commands))
        admin = Admin(exchange.bootstrap)
        ends = {
            "ledger": admin.sizes(ACCOUNT_COMMANDS, plan.shards),
            "matchers": admin.sizes(ORDERS, plan.partitions),
        }
    logs = {service: folder / "workers" / f"{service}-1.log" for service in ends}
    said_before = {service: log.stat().st_size for service, log in logs.items()}
    with Exchange(plan) as exchange:
        begun_s = workers_s = perf_counter()

        def progress(line: str) -> None:
            nonlocal workers_s
            print(f"  {line}")
            if line == _WORKERS_STARTED:
                workers_s = perf_counter()

        exchange.start(progress)
        ready_s = perf_counter()
    replayed = 0
    for service, log in logs.items():
        for partition, offset in _OWNS.findall(log.read_text()[said_before[service] :]):
            replayed += max(0, ends[service][int(partition)] - int(offset))
    records = sum(sum(one.values()) for one in ends.values())
    return Restart(commands, records, replayed, ready_s - begun_s, ready_s - workers_s)


async def _trade(bootstrap: str, commands: int) -> None:
    async with session(bootstrap) as venue:
        for begun in range(0, commands, _PIECE):
            count = min(_PIECE, commands - begun)
            await venue.fund(orders(count, 1, seed=begun))
            await venue.run(orders(count, 1, seed=begun), None)
            books = ((a, s) for a in range(1, ACCOUNTS + 1) for s in SYMBOLS)
            await asyncio.gather(*(venue.client.cancel_all(*book) for book in books))
            print(f"  {begun + count:,} of {commands:,} commands")
