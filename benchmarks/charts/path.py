"""Charts of the whole path: throughput, processor time, latency, scaling, bytes."""

from collections.abc import Mapping, Sequence

from benchmarks.charts.mermaid import Chart
from benchmarks.charts.rows import Row, newest
from benchmarks.results import Number

_CUT = ("shards", "partitions", "lines")


def _shape(row: Row) -> str:
    lines = row.parameters.get("lines", 1)
    return f"{row.parameters['shards']}x{row.parameters['partitions']}" + (
        f", {lines} lines" if lines != 1 else ""
    )


def _engine(row: Row) -> str:
    return f"{row.parameters['engine']} engines"


def throughput(rows: Sequence[Row]) -> list[Chart]:
    """Orders settled a second beside the relay's."""
    charts = []
    found = list(newest(rows, "pairs throughput", "engine", *_CUT).values())
    if found:
        labels = [f"{_shape(row)}, {_engine(row)}" for row in found]
        numbers = {
            "real": [row.number("real orders/s") for row in found],
            "relay": [row.number("relay orders/s") for row in found],
        }
        title = "Orders settled a second, in bulk"
        charts.append(Chart(title, "orders/s", labels, numbers, found))
    found = list(newest(rows, "whole path", "engine", "shards", "partitions").values())
    if found:
        labels = [f"{_shape(row)}, {_engine(row)}" for row in found]
        rates = {"orders/s": [row.number("orders/s") for row in found]}
        charts.append(
            Chart("Orders settled a second, one by one", "orders/s", labels, rates, found)
        )
    return charts


def processors(rows: Sequence[Row]) -> list[Chart]:
    """Processor time an order, by process, real and relay."""
    charts = []
    for row in newest(rows, "pairs throughput", "engine", *_CUT).values():
        each = {
            f"{kind} {name}": value
            for kind in ("real", "relay")
            for name, value in row.table(f"{kind} cpu us").items()
        }
        title = f"Processor time an order, {_shape(row)}, {_engine(row)}"
        charts.append(_bars(title, "us an order", each, row))
    for row in newest(rows, "whole path", "engine", "shards", "partitions").values():
        title = f"Processor time an order, one by one, {_shape(row)}, {_engine(row)}"
        charts.append(_bars(title, "us an order", row.table("cpu us"), row))
    return charts


def _bars(title: str, unit: str, each: Mapping[str, Number], row: Row) -> Chart:
    return Chart(title, unit, list(each), {unit: list(each.values())}, [row], True)


def _percentiles(title: str, kind: str, row: Row) -> Chart:
    each = {name: ms for name, ms in row.table("ms").items() if name != "max"}
    return Chart(title, "ms", list(each), {kind: list(each.values())}, [row])


def latency(rows: Sequence[Row]) -> list[Chart]:
    """Percentiles by rate, real and relay."""
    charts = []
    for row in newest(rows, "pairs latency", "engine", "rate", *_CUT).values():
        real, relay = row.table("real ms"), row.table("relay ms")
        labels = [name for name in real if name != "max"]
        numbers = {kind: [of[n] for n in labels] for kind, of in (("real", real), ("relay", relay))}
        title = f"{row.parameters['rate']:,} orders/s, {_shape(row)}, {_engine(row)}"
        charts.append(Chart(title, "ms", labels, numbers, [row]))
    for row in newest(rows, "submit to settled", "engine", "rate", "shards", "partitions").values():
        title = f"{row.parameters['rate']:,} orders/s, one by one, {_shape(row)}, {_engine(row)}"
        charts.append(_percentiles(title, "real", row))
    return charts


def relay(rows: Sequence[Row]) -> list[Chart]:
    """The relay by itself."""
    charts = []
    full = list(newest(rows, "relay throughput", *_CUT).values())
    if full:
        numbers = {"relay": [row.number("orders/s") for row in full]}
        labels = [_shape(row) for row in full]
        charts.append(Chart("The relay alone, full speed", "orders/s", labels, numbers, full))
    for row in newest(rows, "relay latency", "rate", *_CUT).values():
        title = f"The relay alone, {row.parameters['rate']:,} orders/s, {_shape(row)}"
        charts.append(_percentiles(title, "relay", row))
    return charts


def scaling(rows: Sequence[Row]) -> list[Chart]:
    """Orders a second over topologies, and over numbers of symbols."""
    charts = []
    for kind, over in (
        ("partitions", "shards x partitions, 4 symbols"),
        ("symbols", "symbols, 2x2"),
    ):
        for row in newest(rows, f"scaling {kind}", "engine").values():
            rates = row.table("orders/s")
            title = f"Over {over}, {_engine(row)}"
            numbers = {"orders settled": list(rates.values())}
            charts.append(Chart(title, "orders/s", list(rates), numbers, [row]))
    return charts


def bytes_an_order(rows: Sequence[Row]) -> list[Chart]:
    """Bytes an order on each topic."""
    return [
        _bars(f"Bytes an order, {_shape(row)}, {_engine(row)}", "bytes", row.table("bytes"), row)
        for row in newest(rows, "whole path", "engine", "shards", "partitions").values()
    ]
