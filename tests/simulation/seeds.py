"""Runs of many seeds, on all cores, and what came of each."""

import multiprocessing
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import NamedTuple

from simulation.machines import MIXED, Engines
from simulation.scheduler import STEPS, Simulation
from simulation.violation import Violation

from partita.schemas import reports


class Job(NamedTuple):
    """A run that is asked for."""

    seed: int
    steps: int = STEPS
    engines: Engines = MIXED


class Outcome(NamedTuple):
    """What came of a run."""

    seed: int
    failure: str  # what a person needs to know of it; empty: everything was right
    checker: str  # the one that failed
    faults: int  # so much went wrong on purpose
    counts: Counter[str]  # of what the run has met
    said: frozenset[str]  # the types of all events that were seen
    ends: frozenset[str]  # the reasons for which orders ended


def run(job: Job, trace: Callable[[str], None] | None = None) -> Outcome:
    """Run a seed."""
    simulation = Simulation(job.seed, job.steps, trace or (lambda _line: None), job.engines)
    failure = checker = ""
    try:
        simulation.run()
    except Violation as violation:
        failure, checker = report(simulation, job, str(violation)), violation.checker
    except Exception:  # noqa: BLE001 - the machinery itself has failed: said like a violation
        failure, checker = report(simulation, job, traceback.format_exc()), "the simulation"
    events = [event for edge in simulation.sightings.edges.values() for _, event in edge.events]
    return Outcome(
        job.seed,
        failure,
        checker,
        len(simulation.faults),
        simulation.counts(),
        frozenset(type(event).__name__ for event in events),
        frozenset(event.reason for event in events if isinstance(event, reports.Done)),
    )


def processes() -> ProcessPoolExecutor:
    """Return a process for each core, to run seeds in."""
    # An executor, not a pool: one that lost a process says so, and a pool waits for ever.
    # Started anew, not forked: whoever asks may have threads.
    return ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn"))


def run_all(jobs: Iterable[Job]) -> Iterator[Outcome]:
    """Run seeds on all cores; yield what came of each, in no order."""
    with processes() as pool:
        try:
            for running in as_completed([pool.submit(run, job) for job in jobs]):
                yield running.result()
        finally:
            pool.shutdown(cancel_futures=True)  # of one who looks no further


def report(simulation: Simulation, job: Job, violation: str) -> str:
    """Return what a person needs to know of a failing seed, and how to run it again."""
    faults = "\n".join(f"    {fault}" for fault in simulation.faults)
    again = f".venv/bin/python tests/simulation/run.py --seed {job.seed} --steps {job.steps}"
    return (
        f"seed {job.seed}, step {simulation.venue.step}: {violation}\n"
        f"  faults:\n{faults}\n  run it again: {again} --trace"
    )
