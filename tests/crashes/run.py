"""A long crash run: `.venv/bin/python tests/crashes/run.py --kills 200 --lines 1`.

Kills workers and broker at random times under load, freezes them now and then, and once each for so
long that another worker takes over and both work when the first wakes, and that workers give up on
what they had sent to a broker. Ends with what must hold (tests/crashes/README.md); exits with 1
when something does not.
"""

import argparse
import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

if not __package__:  # run as a file, from a clone
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from crashes.schedule import BROKER, Back, Freeze, Kill, Step, random_steps
from crashes.venue import Report, Setting, as_json, crash_run
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from partita.producers import ClientLimits

# As long as freezes that have made zombies, and gaps in a client library, elsewhere.
LONG_S = 45.0
# Longer than what was sent may take to arrive (delivery.timeout.ms): workers end, not knowing.
BROKER_LONG_S = 65.0
# Commands live so long that most outlast a restart of the broker.
LIMITS = ClientLimits(answer_timeout_ms=5_000, valid_for_ms=20_000, oldest_ms=20_000)


def names(lines: int, ledgers: int, matchers: int) -> list[str]:
    """Return what the workers are called."""
    return [
        f"{kind}-{line}{number}"
        for line in ("", "B")[:lines]
        for kind, count in (("ledger", ledgers), ("matchers", matchers))
        for number in range(1, count + 1)
    ]


def with_long_freezes(steps: Iterable[Step], kills: int, who: str) -> Iterator[Step]:
    """Put a long freeze of a worker into the middle, and one of the broker a quarter later."""
    left = {kills // 2: Freeze(who, LONG_S), kills * 3 // 4: Freeze(BROKER, BROKER_LONG_S)}
    done = 0
    for step in steps:
        yield step
        if isinstance(step, Kill):
            done += len(step.who)
            for at in [at for at in left if done >= at]:
                yield Back(1.0)
                yield left.pop(at)


def until(steps: Iterable[Step], minutes: float | None) -> Iterator[Step]:
    """Stop after so many minutes."""
    end_s = time.monotonic() + (minutes or float("inf")) * 60
    return itertools.takewhile(lambda _: time.monotonic() < end_s, steps)


def main() -> int:
    """Run as asked; return 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="Kill and freeze a real exchange under load.")
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs in all (%(default)s)")
    parser.add_argument("--minutes", type=float, help="stop after so many, whatever is left")
    parser.add_argument("--seed", type=int, default=1, help="of kills and load (%(default)s)")
    parser.add_argument("--lines", type=int, choices=(1, 2), default=1, help="(%(default)s)")
    parser.add_argument("--ledgers", type=int, default=2, help="of a line (%(default)s)")
    parser.add_argument("--matchers", type=int, default=2, help="of a line (%(default)s)")
    parser.add_argument("--rate", type=float, default=150, help="operations/s (%(default)s)")
    parser.add_argument("--snapshot-every-ms", type=int, default=700, help="(%(default)s)")
    parser.add_argument("--trim", action="store_true", help="trim the inputs behind snapshots")
    parser.add_argument("--no-long-freezes", action="store_true", help="none of a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there, too")
    parser.add_argument("--folder", type=Path, help="keep everything there")
    asked = parser.parse_args()
    workers = names(asked.lines, asked.ledgers, asked.matchers)
    steps: Iterable[Step] = random_steps(asked.seed, asked.kills, workers)
    if not asked.no_long_freezes:
        steps = with_long_freezes(steps, asked.kills, workers[asked.ledgers])
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="partita-crashes-"))
    folder.mkdir(parents=True, exist_ok=True)
    setting = Setting(
        folder=folder,
        seed=asked.seed,
        lines=asked.lines,
        ledgers=asked.ledgers,
        matchers=asked.matchers,
        per_s=asked.rate,
        limits=LIMITS,
        snapshot_every_ms=asked.snapshot_every_ms,
        trim=asked.trim,
    )
    console = Console(highlight=False)
    report = run(console, setting, until(steps, asked.minutes), asked.kills)
    if asked.json:
        asked.json.write_text(as_json(report) + "\n")
    show(console, report)
    if report.violations:
        console.print(f"[red]wrong[/red]; history, logs and data are kept in {folder}")
        console.print("run it again: " + " ".join(["python", *sys.argv]), soft_wrap=True)
        return 1
    if asked.folder is None:
        shutil.rmtree(folder)
    return 0


def run(console: Console, setting: Setting, steps: Iterable[Step], kills: int) -> Report:
    """Run, with a bar."""
    bar = Progress(
        TextColumn("{task.description:45.45}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task("coming up", total=kills)

        def counted() -> Iterator[Step]:
            for step in steps:
                yield step
                if isinstance(step, Kill):
                    bar.advance(task, len(step.who))

        return crash_run(setting, counted(), lambda text: bar.update(task, description=text))


def show(console: Console, report: Report) -> None:
    """Print what happened."""
    table = Table(box=None, show_header=False)
    rows: dict[str, object] = {
        **report.did,
        **{f"workers ended with code {code}": count for code, count in report.ends.items()},
        "restarts of workers": report.restarts,
        "times with two owners": report.two_owners,
        **{f"commands {ending}": count for ending, count in sorted(report.commands.items())},
        **{f"orders {ending}": count for ending, count in sorted(report.orders.items())},
        "unknown at first, then taken": report.history.get("taken_after_all", 0),
        "unknown at first, never taken": report.history.get("never_taken", 0),
        "clients, one after another": report.clients,
        "events": report.history.get("events", 0),
        "trades": report.history.get("trades", 0),
        "longest gap in settled events, s": f"{report.longest_gap_s:.2f}",
        **{f"recovery, {name}": f"{value:.2f}" for name, value in report.recovery_s.items()},
        "conservation difference": sum(map(float, report.differences.values())) or 0,
        **{f"rebuilt: {name}": str(value) for name, value in report.rebuilt.items()},
        "audit": report.audit.get("verdict", "none"),
        **{f"seconds: {name}": f"{value:.0f}" for name, value in report.seconds.items()},
    }
    for name, value in rows.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table)
    for violation in report.violations:
        console.print(f"[red]{violation}", soft_wrap=True)
    if not report.violations:
        console.print(f"[green]nothing lost, nothing doubled[/green] (seed {report.seed})")


if __name__ == "__main__":
    sys.exit(main())
