"""The codec alone: records to messages and back, of each kind of batch.

Records as trading makes them: 1,000 messages in one group, mixed as orders that trade and rest are
(`MIXES`), with the values of `benchmarks.bytes_per_event`. The reference codec (Python, fastavro)
makes them; both codecs decode the same bytes, and what the native one encodes again must be the
same bytes, too. Its figures need a cargo. Numbering, chains and the log are outside; so is, for the
native one, the account of an event, whose place in the record's head it leaves as it is.

    python -m benchmarks.codec [--messages N] [--rounds N] [--no-record]
"""

from collections.abc import Callable, Mapping
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import click
from rich.console import Console
from rich.table import Table

from benchmarks import cargo
from benchmarks.bytes_per_event import KINDS
from benchmarks.cargo import CodecFigure
from benchmarks.results import Measured, record, rounded
from partita.log import native
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.limits import BATCH_COMMANDS_MAX

# By turns, in each kind of batch.
MIXES = {
    "commands": ("commands.Place", "commands.Place", "commands.Cancel"),
    "orders": ("orders.NewOrder", "orders.NewOrder", "orders.CancelOrder"),
    "reports": ("reports.Opened", "reports.Filled", "reports.Filled", "reports.Done"),
    "account-events": (
        "accounts.Received",
        "accounts.Opened",
        "accounts.Filled",
        "accounts.Balance",
        "accounts.Balance",
        "accounts.Done",
    ),
    "feed": ("feed.Opened", "feed.Traded", "feed.Done"),
}
_REFERENCE = "reference"
_ROUND = 20_000  # messages


def batches(messages: int) -> dict[str, Message]:
    """Return a batch of each kind."""
    known = {kind.name: kind for kind in KINDS}
    return {
        name: known[mix[0]].batch(tuple(known[n].event for n in islice(cycle(mix), messages)))
        for name, mix in MIXES.items()
    }


def _ns(messages: int, rounds: int, step: Callable[[], object]) -> float:
    """Return the median of rounds, nanoseconds a message."""
    times, found = max(1, _ROUND // messages), []
    for _ in range(rounds):
        begun_ns = perf_counter_ns()
        for _ in range(times):
            step()
        found.append((perf_counter_ns() - begun_ns) / (times * messages))
    return median(found)


def reference(made: Mapping[str, Message], messages: int, rounds: int) -> dict[str, CodecFigure]:
    """Measure the reference codec."""
    found = {}
    for name, batch in made.items():
        value = encode(batch)
        assert encode(decode(value)) == value, f"{name}: the same bytes come back"
        decode_ns = _ns(messages, rounds, lambda value=value: decode(value))  # type: ignore[misc] # mypy knows no such default
        encode_ns = _ns(messages, rounds, lambda batch=batch: encode(batch))  # type: ignore[misc] # as above
        found[name] = CodecFigure(decode_ns, encode_ns)
    return found


def in_rust(made: Mapping[str, Message]) -> dict[str, CodecFigure]:
    """Measure the native codec."""
    with TemporaryDirectory(prefix="partita-bench-") as folder:
        files = {name: Path(folder) / name for name in made}
        for name, batch in made.items():
            files[name].write_bytes(encode(batch))
        return cargo.codec(files)


@click.command(help=__doc__)
@click.option(
    "--messages",
    default=1_000,
    show_default=True,
    type=click.IntRange(1, BATCH_COMMANDS_MAX),
    help="In a record.",
)
@click.option("--rounds", default=7, show_default=True, help="Of the reference codec.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(messages: int, rounds: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    made = batches(messages)
    found = {_REFERENCE: reference(made, messages, rounds)}
    if cargo.available():
        found[native.NAME] = in_rust(made)
    else:
        print("there is no cargo: the reference codec alone")
    heads = ("decode ns", "encode ns", "decode records/s", "encode records/s")
    table = Table("codec", "batch", *heads, title=f"a message of a record of {messages:,}")
    results, measured = {}, []
    for codec, figures in found.items():
        for name, one in figures.items():
            each = (f"{one.decode_ns:,.1f}", f"{one.encode_ns:,.1f}")
            rates = (f"{1e9 / (ns * messages):,.0f}" for ns in one)
            table.add_row(codec, name, *each, *rates)
        results[f"codec: {codec}, {messages:,} messages a record"] = "; ".join(
            f"{name}: decode {one.decode_ns:,.1f}, encode {one.encode_ns:,.1f} ns a message,"
            f" {1e9 / (one.decode_ns * messages):,.0f} and"
            f" {1e9 / (one.encode_ns * messages):,.0f} records/s"
            for name, one in figures.items()
        )
        numbers = {
            "decode ns": rounded({name: one.decode_ns for name, one in figures.items()}),
            "encode ns": rounded({name: one.encode_ns for name, one in figures.items()}),
        }
        measured.append(Measured("codec", {"codec": codec, "messages": messages}, {**numbers}))
    Console().print(table)
    if keep:
        record("benchmarks.codec", results, measured)


if __name__ == "__main__":
    main()
