"""Charts of trouble: deaths, restarts, overload, snapshots of a large book."""

from collections.abc import Mapping, Sequence

from benchmarks.charts.mermaid import Chart
from benchmarks.charts.rows import Row, newest


def _engine(row: Row) -> str:
    return f"{row.parameters['engine']} engines"


def _side_by_side(
    title: str, unit: str, found: Sequence[Row], labels: Sequence[str], figures: Mapping[str, str]
) -> list[Chart]:
    """Return one chart of several rows, a label each, by which figure is drawn as what."""
    if not found:
        return []
    numbers = {kind: [row.number(name) for row in found] for kind, name in figures.items()}
    return [Chart(title, unit, labels, numbers, found)]


def restarts(rows: Sequence[Row]) -> list[Chart]:
    """Seconds until all is up again, by what had been done."""
    found = list(newest(rows, "restart", "engine", "commands").values())
    labels = [f"after {row.parameters['commands']:,}, {_engine(row)}" for row in found]
    figures = {"up": "up s", "of that the workers": "workers s"}
    return _side_by_side("A restart after so many commands", "s", found, labels, figures)


def deaths(rows: Sequence[Row]) -> list[Chart]:
    """Without a second line, and with one."""
    charts = []
    for row in newest(rows, "failover alone", "engine", "killed").values():
        since = row.table("since kill s")
        size = f"{row.parameters['orders']:,} orders, {row.parameters['accounts']:,} accounts"
        title = f"One line, {row.parameters['killed']} killed, {size}, {_engine(row)}"
        numbers = {"from the kill": list(since.values())}
        charts.append(Chart(title, "s", list(since), numbers, [row]))
    for row in newest(rows, "failover lines", "engine", "rate").values():
        gaps = row.table("gap ms")
        rate = f"{row.parameters['rate']:,} orders/s"
        title = f"Two lines, {rate}, {_engine(row)}: longest time in which nothing settled"
        numbers = {"gap of a lane": list(gaps.values())}
        charts.append(Chart(title, "ms", list(gaps), numbers, [row]))
    return charts


def overload(rows: Sequence[Row]) -> list[Chart]:
    """What is taken, refused and late while three times too much is offered; memory."""
    charts = []
    for row in newest(rows, "overload", "engine", "shards", "partitions").values():
        shape = f"{row.parameters['shards']}x{row.parameters['partitions']}, {_engine(row)}"
        window_s = row.number("window s")
        taken = {"accepted": row.list("accepted/s"), "refused": row.list("refused/s")}
        labels = [f"{at * window_s:g} s" for at in range(len(taken["accepted"]))]
        title = f"{row.parameters['factor']} times capacity, {shape}"
        charts.append(Chart(title, "orders/s", labels, taken, [row]))
        late = row.list("p99 ms")
        if len(late) == len(labels):  # a window in which nothing was taken has none
            charts.append(Chart(f"{title}: latency", "ms", labels, {"p99": late}, [row]))
        after, before = row.table("after MB"), row.table("before MB")
        names = [name for name in after if name in before]
        sizes = {"after": [after[n] for n in names], "before": [before[n] for n in names]}
        charts.append(Chart(f"{title}: resident memory", "MB", names, sizes, [row]))
    return charts


def captures(rows: Sequence[Row]) -> list[Chart]:
    """How long a machine stands still while its state is taken."""
    found = list(newest(rows, "capture", "machine", "engine", "count").values())
    labels = [
        f"{row.parameters['machine']} of {row.parameters['count']:,}, {_engine(row)}"
        for row in found
    ]
    figures = {"median": "pause ms", "most": "most pause ms"}
    return _side_by_side("Pause of a machine whose state is taken", "ms", found, labels, figures)


def snapshots(rows: Sequence[Row]) -> list[Chart]:
    """Latency of a matcher's hop, with snapshots of a large book and without."""
    charts = []
    for row in newest(rows, "snapshot pause", "engine", "orders", "rate").values():
        with_them, none = row.table("snapshots ms"), row.table("none ms")
        labels = [name for name in with_them if name != "max"]
        numbers = {"with": [with_them[n] for n in labels], "without": [none[n] for n in labels]}
        size = f"{row.parameters['orders']:,} resting orders, {row.parameters['rate']:,} orders/s"
        title = f"Snapshots of a book of {size}, {_engine(row)}"
        charts.append(Chart(title, "ms", labels, numbers, [row]))
    return charts
