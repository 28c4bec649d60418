"""A crash run: an exchange under load, a schedule done to it, and what is found afterwards."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from crashes import worker_logs
from crashes.gaps import Gaps
from crashes.hand import Hand, supervised
from crashes.load import Load
from crashes.market import INSTRUMENTS_CSV
from crashes.rest import drain
from crashes.schedule import Back, Step
from crashes.stream import told_wrong
from crashes.verdict import judge

from partita.deploy.exchange import Exchange, Plan
from partita.producers import ClientLimits

HISTORY = "history.jsonl"
# An answer takes milliseconds, so that a death is noticed; a command outlives most of them.
LIMITS = ClientLimits(answer_timeout_ms=3_000, valid_for_ms=8_000, oldest_ms=8_000)

Progress = Callable[[str], None]


class Setting(NamedTuple):
    """What is run."""

    folder: Path  # of the exchange's data, the history and the logs
    seed: int
    lines: int = 1
    ledgers: int = 1  # of each line
    matchers: int = 1  # of each line
    per_s: float = 150.0  # operations
    limits: ClientLimits = LIMITS
    snapshot_every_ms: int = 700
    trim: bool = False  # else every machine is rebuilt from offset 0


@dataclass
class Report:
    """What happened, and what was found."""

    seed: int
    did: dict[str, int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)  # of workers, by code; -9 is SIGKILL
    restarts: int = 0
    two_owners: int = 0  # times that a worker went on with what another one had taken
    commands: dict[str, int] = field(default_factory=dict)  # by what became of them
    orders: dict[str, int] = field(default_factory=dict)  # of these; "ok" is there once each
    clients: int = 0  # one after another: one that could not go on was replaced
    settled_events: int = 0
    longest_gap_s: float = 0.0
    recovery_s: dict[str, float] = field(default_factory=dict)
    differences: dict[str, str] = field(default_factory=dict)  # by asset: from 0
    history: dict[str, int] = field(default_factory=dict)
    rebuilt: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def crash_run(setting: Setting, steps: Iterable[Step], progress: Progress) -> Report:
    """Run; return what was found.

    Raises:
        AssertionError: something never came.
        PartitaError: the exchange could not be kept up.
    """
    instruments = setting.folder / "instruments.csv"
    instruments.write_text(INSTRUMENTS_CSV)
    plan = Plan(
        setting.folder / "data",
        instruments,
        ledgers=setting.ledgers,
        matchers=setting.matchers,
        lines=setting.lines,
        snapshot_every_ms=setting.snapshot_every_ms,
        trim=setting.trim,
        trim_behind_ms=0,  # no line comes up anew while it matters
        # Kills come so often that a worker would hardly ever run.
        back_off_s=(0.0,),
    )
    # What a client of a broker that is away has to say is no news here.
    logging.getLogger("partita.log.kafka").setLevel(logging.CRITICAL)
    report, began_s = Report(setting.seed), time.monotonic()
    with Exchange(plan) as exchange:
        exchange.start(progress)
        report.seconds["up"] = time.monotonic() - began_s
        with supervised(exchange) as hand:
            asyncio.run(_under_load(exchange, hand, setting, steps, report, progress))
        report.did, report.restarts = dict(hand.did), hand.restarts()
        report.ends = dict(hand.ends)
        ended_s = time.monotonic()
        progress("rebuilding every machine, auditing, and checking the history")
        verdict = judge(
            exchange.bootstrap, plan.shards, plan.lines, setting.folder / HISTORY, setting.seed
        )
        report.violations += verdict.violations
        report.history, report.rebuilt = verdict.history, verdict.rebuilt
        report.audit = verdict.audit
        report.seconds["checks"] = time.monotonic() - ended_s
    report.violations += worker_logs.complaints(plan.data / "workers")
    report.two_owners = worker_logs.two_owners(plan.data / "workers")
    report.seconds["all"] = time.monotonic() - began_s
    return report


async def _under_load(
    exchange: Exchange,
    hand: Hand,
    setting: Setting,
    steps: Iterable[Step],
    report: Report,
    progress: Progress,
) -> None:
    gaps = Gaps({i.instrument_id: i.partition for i in exchange.instruments})
    hand.settles_since = gaps.all_back
    path = setting.folder / HISTORY
    async with Load(exchange.bootstrap, path, setting.seed, setting.limits, gaps) as load:
        load.start(load.flow.deposits())
        await load.settled()
        stop, began_s = asyncio.Event(), time.monotonic()
        running = asyncio.create_task(load.run(setting.per_s, stop))
        try:
            for step in steps:
                progress(str(step))
                await asyncio.to_thread(hand.do, step)
                if running.done():
                    break
            await asyncio.to_thread(hand.do, Back(0.0))
        finally:
            stop.set()
            await running
        gaps.close()
        report.seconds["load"] = time.monotonic() - began_s
        progress("waiting until every outcome is known")
        await load.settled()
        progress("coming to rest")
        await _come_to_rest(exchange.bootstrap, load, setting)
        totals = await load.client.totals()
        report.differences = {
            asset: str(total.difference) for asset, total in totals.items() if total.difference
        }
        report.violations += [f"{a} is off by {by}" for a, by in report.differences.items()]
        _note(report, load, gaps, hand)
        report.violations += told_wrong(exchange.bootstrap, exchange.plan.shards, load.orders)
        report.seconds["rest"] = time.monotonic() - began_s - report.seconds["load"]


async def _come_to_rest(bootstrap: str, load: Load, setting: Setting) -> None:
    """Let all end, and every machine take a last snapshot."""
    await load.come_to_rest()
    for _ in range(2):
        await asyncio.sleep(1.5 * setting.snapshot_every_ms / 1_000)
        load.start(load.flow.touches())
        await load.settled()
    await load.come_to_rest()
    await asyncio.to_thread(drain, bootstrap, setting.lines)


def _note(report: Report, load: Load, gaps: Gaps, hand: Hand) -> None:
    report.commands = {str(ending): count for ending, count in load.endings.items()}
    report.orders = {str(ending): len(names) for ending, names in load.orders.items() if names}
    report.clients = load.clients
    report.settled_events = gaps.settled
    report.longest_gap_s = gaps.longest_s()
    felt = [gap_s for gap_s in gaps.felt([at_s for _, at_s in hand.kills_s]) if gap_s]
    report.recovery_s = {
        "kills that were felt": len(felt),
        "median": median(felt) if felt else 0.0,
        "longest": max(felt, default=0.0),
    }


def as_json(report: Report) -> str:
    """Return a report as JSON."""
    return json.dumps(asdict(report), indent=2)
