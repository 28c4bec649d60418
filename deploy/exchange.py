"""The exchange as `partita up` brings it up: a log, its topics and instruments, and workers."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from partita.deploy.commands.address import RUNNING
from partita.deploy.errors import DataFolderUnwritable, ExchangeNotReady
from partita.deploy.instruments import read_instruments
from partita.deploy.kafka.embedded import EmbeddedKafka
from partita.deploy.listing import claim, write_rules
from partita.deploy.operate.lookout import look, standing_still
from partita.deploy.pass_watch import PassWatch
from partita.deploy.servers.supervision import SupervisedServer
from partita.deploy.store import ExchangeStore, StoreWish
from partita.deploy.workers import (
    BACK_OFF_S,
    SupervisedWorker,
    WorkerState,
    command_line,
    worker_command,
)
from partita.log.build import engine_told
from partita.log.kafka.admin import Admin
from partita.log.kafka.sender import Sender
from partita.log.service import Options
from partita.matchers.engines import ENGINES
from partita.producers import Client, RawEvent
from partita.schemas.accounts import Total
from partita.schemas.enums import Line
from partita.schemas.errors import Diverged, NoAnswer
from partita.schemas.instrument import Instrument

Progress = Callable[[str], None]

# What the workers' group waits for a killed one: the embedded broker allows so little.
EMBEDDED_SESSION_TIMEOUT_MS = 2_000
CLUSTER_SESSION_TIMEOUT_MS = 6_000
# A replay from offset 0 comes before the first answer, so this is generous; it shows progress.
READY_TIMEOUT_S = 600.0
_LOOK_EVERY_S = 0.1


class Plan(NamedTuple):
    """What to bring up."""

    data: Path
    instruments: Path
    bootstrap: str | None = None  # of a cluster that is there; None: embedded Kafka
    port: int | None = None  # of the embedded Kafka
    shards: int = 2
    partitions: int = 2
    replication: int | None = None  # None: as is safe, or all there is; see Admin.create_topics
    ledgers: int = 1
    matchers: int = 1
    # What reads the log and nobody waits for; `partita up` starts one of each.
    market_data: int = 0  # workers that derive trades, depth and book snapshots
    candles: int = 0  # workers that make candles
    lines: int = 1  # 2: a B line of each worker beside the A line
    snapshot_every_ms: int = Options().snapshot_every_ms
    trim: bool = True  # whether inputs are trimmed behind the snapshots
    trim_behind_ms: int = Options().trim_behind_ms
    allow_unsafe_replication: bool = False  # the cluster may lose what it has acknowledged
    simulate: int = 0  # orders a second of a simulated market beside it; 0: none
    back_off_s: Sequence[float] = BACK_OFF_S  # before each start of a worker that keeps ending
    projectors: int = 0  # processes that keep the store as new as the log
    store: str | None = None  # sqlite, cassandra, or an address; None: SQLite in `data`
    contact_points: str | None = None  # of a Cassandra cluster; None: one is started here
    store_replication: str | None = None  # of a keyspace that is not there yet
    store_port: int | None = None  # of the Cassandra started here
    keep_trades_days: int = 30  # market history in the store; 0: for ever
    keep_candles_days: int = 0


class Exchange:
    """A running exchange; a context manager that stops all it has started."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.instruments: list[Instrument] = []
        self._kafka: EmbeddedKafka | None = None
        self._supervision: SupervisedServer | None = None
        self._workers: list[SupervisedWorker] = []
        # Processes that read the log and that no trading waits for.
        self._companions: list[SupervisedWorker] = []
        wish = StoreWish(plan.store, plan.contact_points, plan.store_replication, plan.store_port)
        self.store = ExchangeStore(plan.data, wish)
        self._passes: PassWatch | None = None
        self._bootstrap = plan.bootstrap
        self._announced = False  # its address stands in the data folder

    @property
    def bootstrap(self) -> str:
        """The address of its Kafka."""
        assert self._bootstrap is not None, "the exchange was started"
        return self._bootstrap

    @property
    def kafka(self) -> EmbeddedKafka | None:
        """The embedded Kafka, None where a cluster is used."""
        return self._kafka

    @property
    def workers(self) -> Sequence[SupervisedWorker]:
        """Its workers: those of line A, then those of line B."""
        return tuple(self._workers)

    def start(self, progress: Progress) -> None:
        """Bring everything up, or nothing: what was started is stopped when a step fails.

        Raises:
            DeployError, LogError, InvalidValue: what is wrong, and what to do.
        """
        try:
            self._start(progress)
        except BaseException:
            self.stop(progress)
            raise

    def _start(self, progress: Progress) -> None:
        plan = self.plan
        # An engine or a file that cannot be used is refused before anything runs.
        progress(f"engine: {engine_told(ENGINES)}")  # books and shards are chosen by one rule
        read_instruments(plan.instruments, plan.partitions, {})
        if self._bootstrap is None:
            self._kafka = EmbeddedKafka(plan.data / "kafka", plan.port)
            self._kafka.start(progress)
            self._supervision = SupervisedServer(self._kafka)
            self._bootstrap = self._kafka.bootstrap
        if plan.projectors:
            self.store.start(progress)
        progress("creating topics")
        # Refuses a cluster or topics that are not as they must be before anything is written.
        Admin(self.bootstrap).create_topics(
            plan.shards,
            plan.partitions,
            plan.replication,
            allow_unsafe_replication=plan.allow_unsafe_replication,
        )
        progress("listing instruments")
        sender = Sender(self.bootstrap)
        listed = claim(
            self.bootstrap,
            sender,
            lambda known: read_instruments(plan.instruments, plan.partitions, known),
        )
        self.instruments = list(listed.values())
        # All of them: an earlier listing may have been interrupted before it reached the books.
        # What changed since stays so: a book takes no version that is not newer than its own.
        write_rules(sender, self.instruments)
        self._start_workers(progress)
        self._start_companions()
        self._write_running()

    def _start_workers(self, progress: Progress) -> None:
        timeout_ms = EMBEDDED_SESSION_TIMEOUT_MS if self._kafka else CLUSTER_SESSION_TIMEOUT_MS
        folder = (self.plan.data / "workers").absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataFolderUnwritable(folder, str(error)) from error
        options = [
            *("--session-timeout-ms", str(timeout_ms)),
            *("--snapshot-every-ms", str(self.plan.snapshot_every_ms)),
            *("--trim-behind-ms", str(self.plan.trim_behind_ms)),
            *(() if self.plan.trim else ("--no-trim",)),
            *(("--allow-unsafe-replication",) if self.plan.allow_unsafe_replication else ()),
        ]
        for line in list(Line)[: self.plan.lines]:
            for module, count in (("ledger", self.plan.ledgers), ("matchers", self.plan.matchers)):
                for number in range(1, count + 1):
                    command = worker_command(module, self.bootstrap, "--line", line, *options)
                    name = f"{module}-{number}" if line is Line.A else f"{module}-{line}{number}"
                    worker = SupervisedWorker(name, command, folder, self.plan.back_off_s)
                    worker.start()
                    self._workers.append(worker)
        # Without workers of its own it is for the operator to bring them.
        if self.plan.ledgers and self.plan.matchers:
            self._wait_ready(progress)

    def _start_companions(self) -> None:
        """Start what follows the exchange; it may come and go without anybody waiting for it."""
        plan = self.plan
        timeout_ms = EMBEDDED_SESSION_TIMEOUT_MS if self._kafka else CLUSTER_SESSION_TIMEOUT_MS
        unsafe = ("--allow-unsafe-replication",) if plan.allow_unsafe_replication else ()
        for name, module, count in (
            ("marketdata", "marketdata", plan.market_data),
            ("candles", "marketdata.bars", plan.candles),
        ):
            options = ("--session-timeout-ms", str(timeout_ms), *unsafe)
            for number in range(1, count + 1):
                command = worker_command(module, self.bootstrap, *options)
                self._accompany(f"{name}-{number}", command)
        for number in range(1, plan.projectors + 1):
            kept = (
                *("--store", self.store.address),
                *("--keep-trades-days", str(plan.keep_trades_days)),
                *("--keep-candles-days", str(plan.keep_candles_days)),
            )
            command = worker_command("ledger.projector", self.bootstrap, *kept)
            self._accompany(f"projector-{number}", command)
        if plan.simulate:
            rate = ("--rate", str(plan.simulate))
            self._accompany("simulate", command_line(self.bootstrap, "simulate", *rate))

    def _accompany(self, name: str, command: list[str]) -> None:
        folder = (self.plan.data / "workers").absolute()
        companion = SupervisedWorker(name, command, folder, self.plan.back_off_s)
        companion.start()
        self._companions.append(companion)

    def _wait_ready(self, progress: Progress) -> None:
        """Wait until every shard answers and has heard of every instrument.

        One that is parked does not keep the operator from coming up: a pass needs a broker.
        """
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        wanted = {i.base_asset for i in self.instruments} | {
            i.quote_asset for i in self.instruments
        }
        progress("waiting for the ledger to answer")
        while True:
            try:
                heard = asyncio.run(self._assets_heard(progress))
            except NoAnswer as error:
                heard, why = set(), str(error)
            else:
                why = f"{len(wanted - heard)} assets are not known to every shard yet"
            if wanted <= heard:
                return
            self._look_after_start(progress)
            if stuck := self._stuck():
                places = ", ".join(f"{topic}/{partition}" for topic, partition in stuck)
                progress(f"not all of it trades: {places} parked; see `partita parked`")
                return
            if time.monotonic() > deadline_s:
                logs = ", ".join(str(worker.log) for worker in self._workers)
                raise ExchangeNotReady(f"{why}; see {logs}")
            time.sleep(_LOOK_EVERY_S)

    def _given_up(self) -> list[str]:
        """Return the workers whose partitions are all parked for good."""
        return [s.name for s in self.states() if s.given_up and s.refused is None]

    def _stuck(self) -> list[tuple[str, int]]:
        """Return the partitions with which no worker of this exchange goes on."""
        lines, given_up = list(Line)[: self.plan.lines], bool(self._given_up())
        return standing_still(look(self.bootstrap), lines, given_up=given_up)

    async def _assets_heard(self, progress: Progress) -> set[str]:
        """Ask the ledger, which may take long, and look after the workers meanwhile.

        Raises:
            NoAnswer: there is none in time, or none will come.
        """
        asking = asyncio.create_task(assets_heard(self.bootstrap, self.plan.shards))
        gone = self._given_up()
        while not asking.done():
            await asyncio.wait({asking}, timeout=_LOOK_EVERY_S)
            self._look_after_start(progress)
            if gone != (gone := self._given_up()) and self._stuck():
                asking.cancel()
                await asyncio.wait({asking})
                raise NoAnswer(f"{', '.join(gone)} cannot go on")
        return await asking

    def _look_after_start(self, progress: Progress) -> None:
        self.look_after(progress)
        for state in self.states():
            # A line that diverges leaves the exchange to the other one.
            spared = isinstance(state.refused, Diverged) and self.plan.lines > 1
            if state.refused is not None and not spared:
                raise state.refused

    def _write_running(self) -> None:
        running = self.plan.data / RUNNING
        known = {"bootstrap": self.bootstrap, "pid": os.getpid()}
        if self.plan.projectors:
            known["store"] = self.store.address
        text = json.dumps(known)
        try:
            running.write_text(text + "\n")
        except OSError as error:
            raise DataFolderUnwritable(running, str(error)) from error
        self._announced = True

    def states(self) -> list[WorkerState]:
        """Return how each worker is."""
        return [worker.state() for worker in self._workers]

    def companion_states(self) -> list[WorkerState]:
        """Return how each process is that follows the exchange."""
        return [companion.state() for companion in self._companions]

    def look_after(self, progress: Progress) -> None:
        """Start again what has ended, the embedded broker before the workers that need it.

        Raises:
            DeployError: the broker ends each time, or cannot be started.
        """
        if self._supervision is not None:
            self._supervision.look_after(progress)
        if self._passes is None:
            self._passes = PassWatch(self.bootstrap)
        for worker in self._workers:
            worker.look_after(progress, self._passes.end)
        for companion in self._companions:
            companion.look_after(progress)

    def stop(self, progress: Progress) -> None:
        """Stop the workers, then the broker."""
        if self._announced:  # another exchange's address in this folder is not ours to remove
            (self.plan.data / RUNNING).unlink(missing_ok=True)
            self._announced = False
        # Those that trade first, then those that answer them.
        for worker in [*reversed(self._companions), *self._workers]:
            progress(f"stopping {worker.name}")
            worker.stop()
        self._companions.clear()
        self._workers.clear()
        self.store.stop(progress)
        if self._passes is not None:
            self._passes.close()
            self._passes = None
        if self._kafka is not None and self._kafka.pid is not None:
            progress("stopping Kafka")
            self._kafka.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stop(lambda _: None)


async def assets_heard(bootstrap: str, shards: int) -> set[str]:
    """Return the assets that every shard has heard of.

    Raises:
        NoAnswer: a shard does not answer.
    """
    heard: list[set[int]] = [set() for _ in range(shards)]

    def hear(events: Sequence[RawEvent]) -> None:
        for raw in events:
            if isinstance(raw.event, Total):
                heard[raw.shard].add(raw.event.asset_id)

    async with Client.connecting(bootstrap) as client:
        client.listen(hear)
        totals = await client.totals()
        names = {i.base_asset_id: i.base_asset for i in client.instruments.values()}
        names |= {i.quote_asset_id: i.quote_asset for i in client.instruments.values()}
    everywhere = {names[asset_id] for asset_id in set.intersection(*heard)}
    return everywhere & set(totals)
