"""Engine on tapes: messages a second, as `partita match` tells them, and of the book in Rust.

Each tape is run several times through one engine, in process. Of an engine in Python the calls of
`Book.apply` are timed; of the native one its worker core, decoding records, matching and encoding
what follows (partita.deploy.match.rate, core_rate). Beside that, where there is a cargo, stands the
native book alone: the calls of `Book::apply` from Rust, events told one by one. Inputs are made
beforehand in all of them. Tapes are those given, or the shared ones (flash1 normal and static, a
Bitstamp day) beside the project.

    python -m benchmarks.engine [--engine NAME] [--runs N] [--no-record] [TAPE ...]
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from benchmarks import cargo
from benchmarks.results import ROOT, Measured, record
from partita.deploy.match.core_rate import rate_of
from partita.deploy.match.run import run_tape
from partita.deploy.match.scale import Scale, increment
from partita.deploy.tape.reader import Survey, read_tape, survey
from partita.log import native
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES, engine

SHARED_TAPES = ROOT.parent / "shared" / "tapes"
_IN_RUST = "the book alone, in Rust"


class _Figure(NamedTuple):
    timed: str
    messages: int
    trades: int | None  # None: not told
    median: int
    best: int


@click.command(help=__doc__)
@click.argument("tapes", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--engine", "engine_", help="Engine to measure.")
@click.option("--runs", default=5, show_default=True, help="Runs of each tape.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(tapes: tuple[Path, ...], engine_: str | None, runs: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    chosen = engine_name(ENGINES, engine_)
    tapes = tapes or tuple(sorted(SHARED_TAPES.glob("*.csv.gz")))
    if not tapes:
        raise click.ClickException(f"no tape was given and there is none in {SHARED_TAPES}")
    columns = ("tape", "timed", "messages", "trades", "median/s", "best/s")
    table = Table(*columns, title=f"{chosen} engine")
    results, measured = {}, []
    for tape in tapes:
        name = tape.name.partition(".")[0]
        for figure in _measure(tape, chosen, runs):
            trades = "" if figure.trades is None else f"{figure.trades:,}"
            rates = f"{figure.median:,}", f"{figure.best:,}"
            table.add_row(name, figure.timed, f"{figure.messages:,}", trades, *rates)
            results[f"engine on tapes: {chosen}, {name}, {figure.timed}"] = (
                f"median {rates[0]} messages/s, best {rates[1]}, of {runs} runs"
            )
            measured.append(
                Measured(
                    "engine",
                    {"engine": chosen, "tape": name, "timed": figure.timed},
                    {"messages/s": figure.median, "best messages/s": figure.best, "runs": runs},
                )
            )
    Console().print(table)
    if keep:
        record("benchmarks.engine", results, measured)


def _measure(tape: Path, chosen: str, runs: int) -> Iterator[_Figure]:
    seen = survey(tape)
    scale = Scale(increment(seen.price_decimals), increment(seen.size_decimals))
    done = [
        run_tape(read_tape(tape), engine(chosen), scale, rate=rate_of(chosen, scale))
        for _ in range(runs)
    ]
    first, rates = done[0], [result.messages_per_s for result in done]
    yield _Figure(first.timed, first.messages, first.trades, round(median(rates)), max(rates))
    if chosen == native.NAME and cargo.available():
        yield _in_rust(tape, seen, runs)


def _in_rust(tape: Path, seen: Survey, runs: int) -> _Figure:
    named = f"{tape.resolve()}:{seen.price_decimals}:{seen.size_decimals}"
    (found,) = cargo.books(cargo.bench("book", named, settings={"RUNS": str(runs)}))
    best = 1_000_000_000 // found.best_ns
    return _Figure(_IN_RUST, found.total, None, found.rate, best)


if __name__ == "__main__":
    main()
