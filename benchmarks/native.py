"""The native engine from inside: its benchmarks in Rust, without Python, Kafka or processes.

- book: a book alone by workload, and on the shared tapes where they are beside the project
- shard: a ledger shard alone by workload; what a row of each kind weighs; copies and snapshots
- core: both worker cores with records between them as on the log, decoding and encoding included

Builds what has changed (a minute or two) and needs cargo.

    python -m benchmarks.native [--only book|shard|core] [--no-record]
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from benchmarks import cargo
from benchmarks.engine import SHARED_TAPES
from benchmarks.results import Figures, Measured, record
from partita.deploy.tape.reader import survey

_WORKLOADS = ("deep", "sweep", "cancel-storm", "cancel-accounts", "memory", "snapshot")
# NAME, two spaces or more, and the figure in words.
_NAMED = re.compile(r"(?P<name>.*?\S)(?:: +|  +)(?P<figure>\S.*)")
# Of those words, what is a number with its unit: "104 bytes", "70 account-commands".
_NUMBER = re.compile(r"(?P<number>\d+) (?P<unit>[^;]+)")


class _Row(NamedTuple):
    workload: str
    result: str
    figures: Figures


_Rows = Iterator[_Row]


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
        text = f"{each}, {found.rate:,} {found.what}/s"
        figures: Figures = {"ns": found.ns, "best ns": found.best_ns}
        yield _Row(name.partition(".")[0], text, figures | {f"{found.what}/s": found.rate})
    yield from (row for row in _named(lines) if row.workload not in rates)


def _named(lines: list[str]) -> _Rows:
    """Take lines as they are: a name, and in words what was measured."""
    for line in lines:
        if (found := _NAMED.fullmatch(line.strip())) is not None:
            text = re.sub(" +", " ", found["figure"])
            numbers = (_NUMBER.fullmatch(part) for part in text.split(", "))
            figures: Figures = {one["unit"]: int(one["number"]) for one in numbers if one}
            yield _Row(found["name"], text, figures)


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
    results, measured = {}, []
    for name in only or _BENCHES:
        for workload, result, figures in _BENCHES[name]():
            results[f"native {name}: {workload}"] = result
            if figures:
                measured.append(Measured(f"native {name}", {"workload": workload}, figures))
    table = Table("workload", "result", title="the native engine in Rust")
    for workload, figure in results.items():
        table.add_row(workload, figure)
    Console().print(table)
    if keep:
        record("benchmarks.native", results, measured)


if __name__ == "__main__":
    main()
