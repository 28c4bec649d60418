"""Engine on tapes: messages a second of a book alone, events as the contract gives them.

Each tape is run several times through one engine, in process, as `partita match` does it: only the
calls of `apply` are timed, on inputs made beforehand (partita.deploy.match.rate). Tapes are those
given, or the shared ones (flash1 normal and static, a Bitstamp day) beside the project.

    python -m benchmarks.engine [--engine NAME] [--runs N] [--no-record] [TAPE ...]
"""

from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import ROOT, record
from partita.deploy.match.run import run_tape
from partita.deploy.match.scale import Scale, increment
from partita.deploy.tape.reader import read_tape, survey
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES, engine

SHARED_TAPES = ROOT.parent / "shared" / "tapes"


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
    table = Table("tape", "messages", "trades", "median/s", "best/s", title=f"{chosen} engine")
    results = {}
    for tape in tapes:
        seen = survey(tape)
        scale = Scale(increment(seen.price_decimals), increment(seen.size_decimals))
        done = [run_tape(read_tape(tape), engine(chosen), scale) for _ in range(runs)]
        rates = [result.messages_per_s for result in done]
        middle, best = round(median(rates)), max(rates)
        name = tape.name.partition(".")[0]
        counts = f"{done[0].messages:,}", f"{done[0].trades:,}"
        table.add_row(name, *counts, f"{middle:,}", f"{best:,}")
        results[f"engine on tapes: {chosen}, {name}"] = (
            f"median {middle:,} messages/s, best {best:,}, of {runs} runs"
        )
    Console().print(table)
    if keep:
        record("benchmarks.engine", results)


if __name__ == "__main__":
    main()
