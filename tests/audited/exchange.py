"""A whole exchange in memory whose log can be tampered with, and audited."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from partita.deploy.audit.engines import Engines, Machines
from partita.deploy.audit.findings import Findings
from partita.deploy.audit.run import Auditor
from partita.ledger.partition import ledger_core
from partita.ledger.reference import ReferenceShard
from partita.ledger.snapshot import from_snapshot
from partita.log.kafka.admin import ExchangeShape
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing, Record
from partita.log.role import Role
from partita.log.service import LoggingWatch
from partita.log.worker import Worker
from partita.matchers.partition import matcher_core
from partita.matchers.reference import ReferenceBook
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Amend, Cancel, Command, CommandBatch, Place, Transfer
from partita.schemas.enums import (
    InstrumentStatus,
    Line,
    OrderState,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    BOOKS_CHANGELOG,
    LEDGER_CHANGELOG,
    ORDERS,
    shard_of,
)

SHAPE = ExchangeShape(shards=2, partitions=2)
START_MS = 1_700_000_000_000
BUILD = "test"
BTC, USD, ETH = 1, 2, 3
BTC_USD = Instrument(
    instrument_id=1,
    version=1,
    symbol="BTC-USD",
    partition=0,
    status=InstrumentStatus.TRADING,
    base_asset_id=BTC,
    base_asset="BTC",
    base_decimals=8,
    quote_asset_id=USD,
    quote_asset="USD",
    quote_decimals=6,
    tick=10_000,
    lot=10_000,
    notional_unit=1,
    min_size=1,
    max_size=10_000_000,
    max_price=100_000_000,
    maker_fee_ppm=1_003,
    taker_fee_ppm=2_507,
)
ETH_USD = BTC_USD._replace(
    instrument_id=2, symbol="ETH-USD", partition=1, base_asset_id=ETH, base_asset="ETH"
)


class MemorySource:
    """A log in memory as an audit reads it; `waiting` is what happens while it waits."""

    def __init__(self, log: MemoryLog, waiting: Callable[[], bool] = lambda: False) -> None:
        self._log = log
        self._waiting = waiting

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return where a partition begins and ends."""
        return self._log.bounds(topic, partition)

    def records(
        self, topic: str, partition: int, first: int, end: int
    ) -> Iterator[Sequence[Record]]:
        """Yield records, a few at a time, and none that was trimmed."""
        assert first == end or first >= self._log.bounds(topic, partition)[0], "it was trimmed"
        found = self._log.records(topic, partition, first)[: end - first]
        for at in range(0, len(found), 7):
            yield found[at : at + 7]

    def compacted(self, topic: str, partition: int) -> Sequence[Record]:
        """Return what a compaction would leave."""
        latest = {record.key: record for record in self._log.records(topic, partition)}
        return sorted(latest.values(), key=lambda record: record.offset)

    def topic_ids(self) -> Mapping[str, str]:
        """Return what each event topic is called."""
        return dict(self._log.topic_ids)

    def wait(self, since_s: float) -> bool:  # noqa: ARG002 - time is in the test's hands
        """Let happen what the test wants to happen."""
        return self._waiting()


class Quiet:
    """A progress that no one looks at."""

    def begin(self, what: str, total: int | None) -> None:
        """Look away."""

    def at(self, done: int) -> None:
        """Look away."""


ENGINES = Engines(
    Machines(lambda: ledger_core(SHAPE.shards, Line.A, ReferenceShard), BUILD),
    Machines(lambda: matcher_core(SHAPE.shards, Line.A, ReferenceBook), BUILD),
)


class Exchange:
    """Workers of each kind, one for each line, on a log in memory."""

    def __init__(
        self,
        lines: Sequence[Line] = (Line.A,),
        *,
        snapshot_every_ms: int = 1_000,
        trim: bool = False,
    ) -> None:
        """List two instruments, one on each partition."""
        self.log = MemoryLog(START_MS)
        self._snapshot_every_ms, self._trim = snapshot_every_ms, trim
        self._lines = lines
        self.ledgers = [self._worker("ledger", line) for line in lines]
        self.matchers = [self._worker("matchers", line) for line in lines]
        self._commands = 0
        for instrument in (BTC_USD, ETH_USD):
            self.log.append(Outgoing(ORDERS, instrument.partition, None, encode(instrument)))
        self.run()

    def restart_ledgers(self) -> None:
        """Start the ledger workers anew; what they had under way is lost."""
        self.ledgers = [self._worker("ledger", line) for line in self._lines]

    def _worker(self, service: str, line: Line) -> tuple[Worker, MemoryConnection]:
        ledger = service == "ledger"
        topic = ACCOUNT_COMMANDS if ledger else ORDERS
        connection = MemoryConnection(self.log, topic)
        connection.own(range(SHAPE.shards if ledger else SHAPE.partitions))
        role = Role(
            service=service,
            topic=topic,
            changelog=LEDGER_CHANGELOG if ledger else BOOKS_CHANGELOG,
            line=line,
            build=BUILD,
            owner=f"{service} {line}",
            shards=SHAPE.shards,
            snapshot_every_ms=self._snapshot_every_ms,
            inline_rows_max=1 << 62,
            trim=self._trim,
            trim_behind_ms=0,
        )
        core = (
            ledger_core(SHAPE.shards, line, ReferenceShard)
            if ledger
            else matcher_core(SHAPE.shards, line, ReferenceBook)
        )
        return Worker(connection, core, LoggingWatch(service), role=role), connection

    def run(self) -> None:
        """Let everything happen until nothing is left to do."""
        workers = [*self.ledgers, *self.matchers]
        busy = True
        while busy:
            busy = False
            for worker, connection in workers:
                busy = bool(worker.step(0)) or bool(connection.deliver()) or busy

    def submit(self, *commands: Command) -> None:
        """Log commands, and let nothing happen yet."""
        for command in commands:
            value = encode(CommandBatch(b"", (command,)))
            shard = shard_of(command.account, SHAPE.shards)
            self.log.append(Outgoing(ACCOUNT_COMMANDS, shard, None, value))

    def transfer(self, account: int, asset_id: int, amount: int) -> None:
        """Log a transfer."""
        self._commands += 1
        self.submit(Transfer(account, f"t{self._commands}", self._life(), asset_id, amount))

    def place(self, account: int, rules: Instrument, side: Side, price: int, size: int) -> str:
        """Log a limit order; return its id."""
        self._commands += 1
        name = f"o{self._commands}"
        kind = (side, OrderType.LIMIT, TimeInForce.GTC, price, size, 0)
        flags = (False, SelfTrade.DC, 0)
        number = rules.instrument_id
        self.submit(Place(account, name, self._life(), number, *kind, *flags))
        return name

    def _life(self) -> int:
        return self.log.time_ms + 30_000

    def fund(self, accounts: Sequence[int]) -> None:
        """Give accounts plenty of everything."""
        for account in accounts:
            for asset_id in (BTC, USD, ETH):
                self.transfer(account, asset_id, 10**12)
        self.run()

    def trade(self, seed: int, steps: int, accounts: Sequence[int] = range(1, 9)) -> None:
        """Place, amend, cancel and move money at random, and let all of it happen."""
        rng = random.Random(seed)
        placed: list[tuple[int, str]] = []
        for _ in range(steps):
            self.log.time_ms += rng.randint(0, 100)
            chance = rng.random()
            if placed and chance < 0.15:
                account, name = placed.pop(rng.randrange(len(placed)))
                self._commands += 1
                self.submit(Cancel(account, f"c{self._commands}", self._life(), 0, name))
            elif placed and chance < 0.3:
                account, name = rng.choice(placed)
                self._commands += 1
                price, size = rng.randint(95, 105), rng.randint(1, 30)
                amend = (f"a{self._commands}", self._life(), 0, name, price, size)
                self.submit(Amend(account, *amend))
            elif chance < 0.35:
                self.transfer(rng.choice(accounts), USD, rng.choice((-1, 1)) * rng.randint(1, 99))
            else:
                account, rules = rng.choice(accounts), rng.choice((BTC_USD, ETH_USD))
                price, size = rng.randint(95, 105), rng.randint(1, 20)
                side = rng.choice((Side.BUY, Side.SELL))
                placed.append((account, self.place(account, rules, side, price, size)))
            if rng.random() < 0.6:
                self.run()
        self.run()

    def open_orders(self, shard: int) -> list[int]:
        """Return the ids of a shard's orders that are open."""
        machine = self.ledgers[0][0].core.snapshot(shard, f"shard {shard}")
        state, _ = from_snapshot(decode(machine))
        return [order.order_id for order in state.orders if order.state is OrderState.OPEN]

    def audit(
        self, account: int | None = None, waiting: Callable[[], bool] = lambda: False
    ) -> Findings:
        """Audit it."""
        return Auditor(MemorySource(self.log, waiting), SHAPE, ENGINES, Quiet()).audit(account)


def traded(
    lines: Sequence[Line] = (Line.A,), *, trim: bool = False, seed: int = 1, steps: int = 150
) -> Exchange:
    """Return an exchange on which there was some trading."""
    exchange = Exchange(lines, trim=trim)
    exchange.fund(range(1, 9))
    exchange.trade(seed, steps)
    return exchange
