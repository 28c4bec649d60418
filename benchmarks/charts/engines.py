"""Charts of what runs in one process: engines, the codec, bytes, memory."""

from collections.abc import Mapping, Sequence

from benchmarks.charts.mermaid import Chart
from benchmarks.charts.rows import Row, newest

_REFERENCE, _CORE, _BOOK = "reference book", "native core", "native book"
_CORE_PARTS = ("ledger", "matcher", "client encodes", "client takes")
_MEMORY = {
    ("native book", "memory"): ("resting order in a book", "bytes a resting order"),
    ("native shard", "memory_account_asset"): ("asset of an account", "bytes"),
    ("native shard", "memory_open_order_with_id"): ("open order in a shard, its id", "bytes"),
    ("native shard", "memory_remembered_id"): ("remembered id", "bytes"),
}


def _timed(row: Row) -> str:
    """Return which engine a row of `engine` is about, and how much of it was timed."""
    if row.parameters["engine"] != "native":
        return f"{row.parameters['engine']} book"
    return _BOOK if "Rust" in f"{row.parameters['timed']}" else _CORE


def tapes(rows: Sequence[Row]) -> list[Chart]:
    """Messages a second, by tape and engine."""
    found: dict[tuple[str, str], tuple[Row, float]] = {}
    names = {row.parameters["tape"] for row in rows if row.workload == "engine"}
    for row in rows:
        if row.workload == "engine":
            key = f"{row.parameters['tape']}", _timed(row)
            found[key] = row, row.number("messages/s")
        elif row.workload == "native book" and "messages/s" in row.figures:
            key = f"{row.parameters['workload']}", _BOOK
            if key[0] in names:
                found[key] = row, row.number("messages/s")
    kinds = (_REFERENCE, _CORE, _BOOK)
    keys = sorted(found, key=lambda key: (kinds.index(key[1]), key[0]))
    if not keys:
        return []
    labels = [f"{timed}, {tape.removesuffix('-200k')}" for tape, timed in keys]
    values = [found[key][1] for key in keys]
    told = [found[key][0] for key in keys]
    return [
        Chart("An engine on tapes", "messages/s", labels, {"messages/s": values}, told, True),
    ]


def native(rows: Sequence[Row]) -> list[Chart]:
    """Nanoseconds of the native engine, by workload."""
    books = {
        name: row
        for (name,), row in newest(rows, "native book", "workload").items()
        if "ns" in row.figures and not f"{name}".startswith(("bitstamp", "flash1"))
    }
    shards = {
        name: row
        for (name,), row in newest(rows, "native shard", "workload").items()
        if "ns" in row.figures
    }
    cores = newest(rows, "native core", "workload")
    parts = {name: cores[name,] for name in _CORE_PARTS if (name,) in cores}
    charts = []
    for title, unit, found, figure in (
        ("A book alone, by workload", "ns a message or event", books, "ns"),
        ("A ledger shard alone, by workload", "ns a command and its reports", shards, "ns"),
        ("Cores with records between them", "ns an order", parts, "ns an order"),
    ):
        if found:
            values = [row.number(figure) for row in found.values()]
            labels = [f"{name}" for name in found]
            charts.append(Chart(title, unit, labels, {unit: values}, list(found.values()), True))
    return charts


def codecs(rows: Sequence[Row]) -> list[Chart]:
    """Nanoseconds to decode and encode a message, by codec and batch."""
    charts = []
    for (codec, messages), row in newest(rows, "codec", "codec", "messages").items():
        decode, encode = row.table("decode ns"), row.table("encode ns")
        numbers = {"decode": list(decode.values()), "encode": [encode[name] for name in decode]}
        title = f"{codec} codec, {messages:,} messages a record"
        charts.append(Chart(title, "ns a message", list(decode), numbers, [row]))
    return charts


def bytes_an_event(rows: Sequence[Row]) -> list[Chart]:
    """Bytes of each event, by topic."""
    charts = []
    for (topic,), row in newest(rows, "bytes per event", "topic").items():
        batched: Mapping[str, float] = row.table("batched bytes")
        if batched:
            values = {"bytes": list(batched.values())}
            title = f"{topic}: what each of 1,000 events adds to a record"
            charts.append(Chart(title, "bytes", list(batched), values, [row], True))
    return charts


def memory(rows: Sequence[Row]) -> list[Chart]:
    """Bytes of what the native engine keeps."""
    labels, values, told = [], [], []
    for (workload, name), (label, figure) in _MEMORY.items():
        row = newest(rows, workload, "workload").get((name,))
        if row is not None:
            labels.append(label)
            values.append(row.number(figure))
            told.append(row)
    if not labels:
        return []
    return [Chart("Memory of the native engine", "bytes", labels, {"bytes": values}, told, True)]
