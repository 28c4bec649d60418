"""Run seeds of the simulation: `.venv/bin/python tests/simulation/run.py --seed N`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

if not __package__:  # run as a file, from a clone
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from simulation.scheduler import STEPS
from simulation.seeds import Job, Outcome, run, run_all

_BAR = 30
# How often progress is said where nobody watches it move.
_SAY_EVERY_S = 30.0


def _shown(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Give outcomes on, and show how many there are."""
    began_s = said_s = time.monotonic()
    failed = 0
    for count, outcome in enumerate(outcomes, 1):
        failed += bool(outcome.failure)
        yield outcome
        now_s = time.monotonic()
        left_s = (now_s - began_s) / count * (total - count)
        state = f"{count}/{total}, {failed} failed, {left_s:.0f} s left "
        if sys.stderr.isatty():
            done = _BAR * count // total
            print(f"\r[{'#' * done}{'.' * (_BAR - done)}] {state}", end="", file=sys.stderr)
        elif now_s - said_s >= _SAY_EVERY_S:
            said_s = now_s
            print(state, file=sys.stderr, flush=True)


def main() -> int:
    """Run the seeds that are asked for; return 1 when one fails."""
    parser = argparse.ArgumentParser(description="Run seeds of the simulation, on all cores.")
    parser.add_argument("--seed", type=int, help="run this seed only")
    parser.add_argument("--seeds", type=int, default=100, help="run so many (%(default)s)")
    parser.add_argument("--start", type=int, default=0, help="the first of them (%(default)s)")
    parser.add_argument("--steps", type=int, default=STEPS, help="per seed (%(default)s)")
    parser.add_argument("--trace", action="store_true", help="print every step of the one seed")
    asked = parser.parse_args()
    began_s = time.monotonic()
    outcomes: Iterable[Outcome]
    if asked.seed is not None:
        total = 1
        job = Job(asked.seed, asked.steps)
        outcomes = [run(job, (lambda line: print(line, flush=True)) if asked.trace else None)]
    else:
        total = asked.seeds
        jobs = [Job(seed, asked.steps) for seed in range(asked.start, asked.start + total)]
        outcomes = _shown(run_all(jobs), total)
    failed = 0
    faults: list[int] = []
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        faults.append(outcome.faults)
        counts += outcome.counts
        if outcome.failure:
            failed += 1
            print(f"\r{outcome.failure}", flush=True)
    spent_s = time.monotonic() - began_s
    print(f"\n{total - failed} of {total} seeds right in {spent_s:.1f} s")
    print(f"{sum(faults)} faults, {min(faults)} to {max(faults)} a seed; what they have met:")
    for name, count in sorted(counts.items()):
        print(f"{count:8}  {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
