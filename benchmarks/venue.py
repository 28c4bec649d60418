"""What the benchmarks of the whole path share: an exchange of their own, and a flow of orders."""

import os
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.replay.audit import Audit
from partita.deploy.replay.funding import fund
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.need import deposits
from partita.deploy.replay.run import LIMITS
from partita.deploy.replay.sender import Sender
from partita.deploy.tape.row import Op, TapeRow
from partita.log.kafka.reader import Reader
from partita.producers import Client
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS, TICKERS

SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD")
ACCOUNTS = 1_000
_TICK = Decimal("0.01")
_MIDDLE = 10_000  # ticks
CLOCK_HZ = os.sysconf("SC_CLK_TCK")


@contextmanager
def exchange(shards: int, partitions: int, lines: int = 1) -> Iterator[Exchange]:
    """Bring an exchange up in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="partita-bench-") as folder:
        plan = Plan(Path(folder), DEFAULT_FILE, shards=shards, partitions=partitions, lines=lines)
        with Exchange(plan) as running:
            running.start(lambda line: print(f"  {line}"))
            yield running


def orders(count: int, per_s: int, seed: int) -> Iterator[TapeRow]:
    """Yield limit orders of many accounts on a few symbols, evenly spaced in time.

    Prices lie within 20 ticks of the middle on either side, so that about half of the orders trade
    when they arrive; of the others most are never traded with, and books grow with the run.
    """
    chance = random.Random(seed)
    for seq in range(count):
        side = chance.choice((Side.BUY, Side.SELL))
        lean = -4 if side is Side.BUY else 4
        yield TapeRow(
            seq=seq,
            op=Op.PLACE,
            id=f"{seed}.{seq}",
            account=chance.randint(1, ACCOUNTS),
            symbol=chance.choice(SYMBOLS),
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=_TICK * (_MIDDLE + lean + chance.randint(-16, 16)),
            size=Decimal(chance.randint(1, 100)) / 100,
            funds=None,
            post_only=False,
            self_trade=SelfTrade.DC,
            expire_ms=0,
            time_ms=1 + seq * 1_000 // per_s,
        )


class Session:
    """A client on the exchange, with money in all accounts."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._runs = 0

    async def fund(self, rows: Iterator[TapeRow]) -> None:
        """Give all accounts enough for these rows."""
        self._runs += 1
        needed = list(deposits(rows, self.client.instruments))
        ids = RunIds(f"fund{self._runs:04}")
        await fund(self.client, ids, Audit({}), needed, lambda _: None)

    async def run(self, rows: Iterator[TapeRow], factor: float | None) -> Sender:
        """Send rows and wait until they are settled; return what became of them."""
        self._runs += 1
        sender = Sender(self.client, RunIds(f"run{self._runs:05}"), factor)
        stop_listening = self.client.listen(sender.take)
        await sender.send(rows)
        await sender.settle()
        stop_listening()
        assert not sender.following.rejections, sender.following.rejections
        assert not sender.following.unknown, "every order was answered"
        return sender


@asynccontextmanager
async def session(bootstrap: str) -> AsyncIterator[Session]:
    """Connect to an exchange."""
    async with Client.connecting(bootstrap, limits=LIMITS, timeout_s=60.0) as client:
        yield Session(client)


def cpu_s(running: Exchange) -> dict[str, float]:
    """Return the processor time each process of the exchange has used, and this one (the SDK)."""
    pids = {state.name: state.pid for state in running.states()}
    if running.kafka is not None:
        pids["broker"] = running.kafka.pid
    pids["client"] = os.getpid()
    return {name: process_cpu_s(pid) for name, pid in pids.items() if pid is not None}


def process_cpu_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = text[text.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_HZ


class Traffic(NamedTuple):
    """What stands on a topic."""

    records: int
    value_bytes: int  # of the records' values: without Kafka's own frame


def ends(bootstrap: str, shards: int, partitions: int) -> dict[str, dict[int, int]]:
    """Return the ends of the topics of the path."""
    counts = {
        ACCOUNT_COMMANDS: shards,
        ORDERS: partitions,
        ACCOUNT_EVENTS: shards,
        BOOK: partitions,
        TICKERS: partitions,
    }
    found = {}
    for topic, count in counts.items():
        reader = Reader(bootstrap, topic)
        found[topic] = reader.ends(range(count))
        reader.close()
    return found


def traffic(
    bootstrap: str, first: dict[str, dict[int, int]], last: dict[str, dict[int, int]]
) -> dict[str, Traffic]:
    """Return what was written to each topic between two looks at their ends."""
    found = {}
    for topic, end in last.items():
        reader = Reader(bootstrap, topic)
        reader.start(first[topic])
        position, records, value_bytes = dict(first[topic]), 0, 0
        while any(position[p] < end[p] for p in end):
            for record in reader.read(1.0):
                position[record.partition] = record.offset + 1
                if record.offset < end[record.partition]:
                    records += 1
                    value_bytes += len(record.value)
        reader.close()
        found[topic] = Traffic(records, value_bytes)
    return found
