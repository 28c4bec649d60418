"""CHARTS.md: all charts, in sections."""

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from benchmarks.charts import engines, mermaid, path, trouble
from benchmarks.charts.mermaid import Chart
from benchmarks.charts.rows import Row

_HEAD = """# Charts

Made by `python -m benchmarks.charts` from the newest lines of [results.jsonl](results.jsonl); not
to be edited. [RESULTS.md](RESULTS.md) has all results in words, [README.md](README.md) says what
the workloads are. The machine is shared and noisy, and runs of different days stand side by side:
below each chart are its numbers, and when, on which commit and machine, and by which command they
were measured. A commit with a `+` had changes beside it.
"""


class Section(NamedTuple):
    """Charts of one kind."""

    title: str
    text: str
    command: str  # what measures them
    charts: Callable[[Sequence[Row]], list[Chart]]


SECTIONS = (
    Section(
        "Throughput of the whole path",
        "From the client to settled, and the relay of the same hops and bytes that works on none of"
        " it: the ceiling. Both on one broker by turns. One by one: through the SDK's calls for"
        " single orders.",
        "python -m benchmarks.pairs throughput",
        path.throughput,
    ),
    Section(
        "Processor time an order",
        "By process, real and relay.",
        "python -m benchmarks.pairs throughput",
        path.processors,
    ),
    Section(
        "Latency of the whole path",
        "From the planned send to hearing that an order is settled, open loop; medians of runs.",
        "python -m benchmarks.pairs latency",
        path.latency,
    ),
    Section(
        "Scaling",
        "Orders settled a second, one worker of each kind, an exchange of its own for each point.",
        "python -m benchmarks.scaling partitions, symbols",
        path.scaling,
    ),
    Section("The relay", "The ceiling by itself.", "python -m benchmarks.relay", path.relay),
    Section(
        "Engines on tapes",
        "What is timed: of the reference engine its book; of the native one its core, decoding and"
        " encoding included, and its book alone.",
        "python -m benchmarks.engine",
        engines.tapes,
    ),
    Section(
        "The native engine by workload",
        "In one process, without Python and Kafka.",
        "python -m benchmarks.native",
        engines.native,
    ),
    Section(
        "The codec",
        "Records of each kind to messages and back.",
        "python -m benchmarks.codec",
        engines.codecs,
    ),
    Section(
        "Bytes an order",
        "Values of all records, by topic, without Kafka's own frame.",
        "python -m benchmarks.whole_path",
        path.bytes_an_order,
    ),
    Section(
        "Bytes an event",
        "By topic; [bytes_per_event.py](bytes_per_event.py) says which values.",
        "python -m benchmarks.bytes_per_event",
        engines.bytes_an_event,
    ),
    Section("Memory", "By row.", "python -m benchmarks.native", engines.memory),
    Section(
        "Restart",
        "Everything stopped and started again.",
        "python -m benchmarks.failover restart",
        trouble.restarts,
    ),
    Section(
        "Deaths",
        "SIGKILL of a worker under load: without a second line, and with one.",
        "python -m benchmarks.failover alone, lines",
        trouble.deaths,
    ),
    Section(
        "Overload",
        "Offered open loop, whatever becomes of it; windows of the run from left to right.",
        "python -m benchmarks.overload",
        trouble.overload,
    ),
    Section(
        "The pause of a snapshot",
        "Until the state is taken and the worker goes on.",
        "python -m benchmarks.capture",
        trouble.captures,
    ),
    Section(
        "Snapshots of a large book",
        "The matcher's hop with snapshots and without, interleaved.",
        "python -m benchmarks.snapshot_pause",
        trouble.snapshots,
    ),
)


def page(rows: Sequence[Row]) -> str:
    """Return the page that these rows make."""
    drawn = [(section, section.charts(rows)) for section in SECTIONS]
    lines = [_HEAD]
    for section, charts in drawn:
        if charts:
            lines += [f"## {section.title}", "", *wrap(section.text, 100), ""]
            for chart in charts:
                lines += [*_told(chart), ""]
    missing = [section for section, charts in drawn if not charts]
    if missing:
        lines += ["## Not measured yet", ""]
        lines += [f"- {section.title}: `{section.command}`" for section in missing]
    return "\n".join(lines).rstrip() + "\n"


def _told(chart: Chart) -> Iterator[str]:
    yield from mermaid.block(chart)
    yield ""
    yield from mermaid.table(chart)
    yield ""
    yield from mermaid.sources(chart)
