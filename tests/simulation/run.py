"""Run seeds of the simulation: `.venv/bin/python tests/simulation/run.py --seed N`."""

import argparse
import sys
import time
from pathlib import Path

if not __package__:  # run as a file, from a clone
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from simulation.scheduler import STEPS, Simulation
from simulation.violation import Violation


def report(simulation: Simulation, seed: int, steps: int, violation: Violation) -> str:
    """Return what a person needs to know of a failing seed, and how to run it again."""
    faults = "\n".join(f"    {fault}" for fault in simulation.faults)
    again = f".venv/bin/python tests/simulation/run.py --seed {seed} --steps {steps} --trace"
    return (
        f"seed {seed}, step {simulation.step}: {violation}\n"
        f"  faults:\n{faults}\n  run it again: {again}"
    )


def main() -> int:
    """Run the seeds that are asked for; return 1 when one fails."""
    parser = argparse.ArgumentParser(description="Run seeds of the simulation.")
    parser.add_argument("--seed", type=int, help="run this seed only")
    parser.add_argument("--seeds", type=int, default=100, help="run so many (%(default)s)")
    parser.add_argument("--start", type=int, default=0, help="the first of them (%(default)s)")
    parser.add_argument("--steps", type=int, default=STEPS, help="per seed (%(default)s)")
    parser.add_argument("--trace", action="store_true", help="print every step")
    asked = parser.parse_args()
    seeds = (
        [asked.seed] if asked.seed is not None else range(asked.start, asked.start + asked.seeds)
    )
    trace = print if asked.trace else lambda _line: None
    began_s = time.monotonic()
    failed = 0
    for count, seed in enumerate(seeds, 1):
        simulation = Simulation(seed, asked.steps, trace)
        try:
            simulation.run()
        except Violation as violation:
            failed += 1
            print("\r" + report(simulation, seed, asked.steps, violation), flush=True)
        except Exception as error:
            # The machinery itself has failed: say where, then how.
            lost = Violation("the simulation", repr(error))
            print("\r" + report(simulation, seed, asked.steps, lost), flush=True)
            raise
        spent_s = time.monotonic() - began_s
        left_s = spent_s / count * (len(seeds) - count)
        done = 30 * count // len(seeds)
        bar = "#" * done + "." * (30 - done)
        state = f"{count}/{len(seeds)}, {failed} failed, {left_s:.0f} s left "
        print(f"\r[{bar}] {state}", end="", file=sys.stderr)
    print(f"\n{len(seeds) - failed} of {len(seeds)} seeds right in {spent_s:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
