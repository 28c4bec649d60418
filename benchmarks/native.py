"""The native engine from inside: its benchmarks in Rust, without Python, Kafka or processes.

- book: a book alone by workload, and on the shared tapes where they are beside the project
- shard: a ledger shard alone by workload; what a row of each kind weighs; copies and snapshots
- core: both worker cores with records between them as on the log, decoding and encoding included

Builds what has changed (a minute or two) and needs cargo.

    python -m benchmarks.native [--only book|shard|core] [--no-record]
"""

import re
from collections.abc import Callable, Iterator, Mapping

import click
from rich.console import Console
from rich.table import Table

from benchmarks import cargo
from benchmarks.engine import SHARED_TAPES
from benchmarks.results import record
from partita.deploy.tape.reader import survey

_WORKLOADS = ("deep", "sweep", "cancel-storm", "cancel-accounts", "memory", "snapshot")
# NAME, two spaces or more, and the figure in words.
_NAMED = re.compile(r"(?P<name>.*?\S)(?:: +|  +)(?P<figure>\S.*)")

_Rows = Iterator[tuple[str, str]]  # workload, result


def _book() -> _Rows:
    """A book by workload; then the tapes, one by one: they are named by path and decimals."""
    yield from _told_by_book(cargo.bench("book", *_WORKLOADS))
    tapes = []
    for tape in sorted(SHARED_TAPES.glob("*.csv.gz")):
        seen = survey(tape)
        tapes.append(f"{tape.resolve()}:{seen.price_decimals}:{seen.size_decimals}")
    if tapes:
        yield from _told_by_book(cargo.bench("book", *tapes))


def _told_by_book(lines: list[str]) -> _Rows:
    rates = {found.name: found for found in cargo.books(lines)}
    for name, found in rates.items():
        each = f"{found.ns} ns a {found.what.removesuffix('s')} (best run {found.best_ns})"
        yield name.partition(".")[0], f"{each}, {found.rate:,} {found.what}/s"
    yield from (row for row in _named(lines) if row[0] not in rates)


def _named(lines: list[str]) -> _Rows:
    """Take lines as they are: a name, and in words what was measured."""
    for line in lines:
        if (found := _NAMED.fullmatch(line.strip())) is not None:
            yield found["name"], re.sub(" +", " ", found["figure"])


_BENCHES: Mapping[str, Callable[[], _Rows]] = {
    "book": _book,
    "shard": lambda: _named(cargo.bench("shard")),
    "core": lambda: _named(cargo.bench("core")),
}


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(list(_BENCHES)), help="These benches.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(only: tuple[str, ...], keep: bool) -> None:
    """Measure, print a table, and record."""
    if not cargo.available():
        raise click.ClickException("there is no cargo: the benchmarks of native/ are run by it")
    results = {
        f"native {name}: {workload}": figure
        for name in only or _BENCHES
        for workload, figure in _BENCHES[name]()
    }
    table = Table("workload", "result", title="the native engine in Rust")
    for workload, figure in results.items():
        table.add_row(workload, figure)
    Console().print(table)
    if keep:
        record("benchmarks.native", results)


if __name__ == "__main__":
    main()
