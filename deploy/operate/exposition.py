"""What there is to see of an exchange, as Prometheus reads it; the only home of its client.

Names, meanings and labels stand in this one list; deploy/README.md repeats it for people.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from partita.deploy.errors import PortInUse
from partita.deploy.operate.lookout import Overview, PartitionView
from partita.schemas.enums import WorkerState
from partita.schemas.errors import PartitaError
from partita.schemas.operations import WorkerStatus

LABELS = ("service", "line", "partition")
_LOGGER = logging.getLogger("partita.deploy")


class Meaning(NamedTuple):
    """A metric of a partition and line."""

    name: str
    meaning: str
    value: Callable[[PartitionView], float | None]  # None: there is none to tell


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None or time_ms < 0 else time_ms / 1_000


def _of_status(name: str) -> Callable[[PartitionView], float | None]:
    """Return what reads a field of the status of the worker that owns the partition now."""
    assert name in WorkerStatus._fields, name

    def read(view: PartitionView) -> float | None:
        return None if view.status is None else float(getattr(view.status, name))

    return read


def _snapshot(name: str) -> Callable[[PartitionView], float | None]:
    read = _of_status(name)

    def read_if_any(view: PartitionView) -> float | None:
        none = view.status is None or view.status.snapshot_position < 0
        return None if none else read(view)

    return read_if_any


# Since the worker's start; a worker that starts again counts from 0, as counters may.
COUNTERS = (
    Meaning("partita_records", "Records taken from the input", _of_status("records")),
    Meaning("partita_groups_taken", "Groups of events taken", _of_status("groups_taken")),
    Meaning(
        "partita_duplicates_dropped",
        "Groups of events dropped because they were known: normal after a restart and with lines",
        _of_status("duplicates_dropped"),
    ),
    Meaning(
        "partita_gaps_waited",
        "Groups of events that came too early and were not taken",
        _of_status("gaps_waited"),
    ),
    Meaning(
        "partita_lines_refused",
        "Groups of events refused because their line has diverged",
        _of_status("lines_refused"),
    ),
    Meaning(
        "partita_dead_letters",
        "Records of the input that could not be read",
        _of_status("dead_letters"),
    ),
)
GAUGES = (
    Meaning(
        "partita_worker_present",
        "Whether a worker owns the partition now",
        lambda view: float(view.owner is not None),
    ),
    Meaning(
        "partita_parked",
        "Whether the last word on the partition is that it is parked, be its worker gone or not",
        lambda view: float(view.parked),
    ),
    Meaning("partita_position", "Offset that comes next", lambda view: float(view.position)),
    Meaning(
        "partita_log_end_offset",
        "Offset behind the last record of the input",
        lambda view: float(view.end),
    ),
    Meaning("partita_lag_records", "Records of the input that wait", lambda view: float(view.lag)),
    Meaning(
        "partita_edges_waiting",
        "Edges on which something came too early, and nothing since",
        _of_status("edges_waiting"),
    ),
    Meaning("partita_machines", "Machines of the partition", _of_status("machines")),
    Meaning(
        "partita_snapshot_position",
        "Oldest position of the newest snapshots of all machines",
        _snapshot("snapshot_position"),
    ),
    Meaning(
        "partita_snapshot_age_seconds",
        "Log time from there to the newest record of the input: what a restart replays",
        lambda view: _seconds(view.snapshot_age_ms),
    ),
    Meaning(
        "partita_snapshot_bytes",
        "Size of the newest snapshots of all machines together",
        _snapshot("snapshot_bytes"),
    ),
    Meaning(
        "partita_recovery_seconds",
        "From being given the partition until it had caught up",
        lambda view: None if view.status is None else _seconds(view.status.recovery_ms),
    ),
    Meaning(
        "partita_status_timestamp_seconds",
        "Log time of the worker's last word: it speaks when something has changed",
        lambda view: _seconds(view.said.time_ms) if view.status and view.said else None,
    ),
)
STATE = "partita_worker_state"
BUILD = "partita_worker_info"
RECORDS = "partita_topic_end_offset"
UP = "partita_up"


def _labels(view: PartitionView) -> list[str]:
    return [view.service, view.line, str(view.partition)]


def families(overview: Overview) -> Iterator[Metric]:
    """Yield all metrics of an exchange, with their values."""
    yield GaugeMetricFamily(UP, "Whether the exchange's Kafka answered", value=1)
    for kind, meanings in ((CounterMetricFamily, COUNTERS), (GaugeMetricFamily, GAUGES)):
        for meaning in meanings:
            family = kind(meaning.name, meaning.meaning, labels=LABELS)
            for view in overview.partitions:
                if (value := meaning.value(view)) is not None:
                    family.add_metric(_labels(view), value)
            yield family
    state = GaugeMetricFamily(
        STATE, "1 for what the worker does, 0 for what it does not", labels=(*LABELS, "state")
    )
    build = GaugeMetricFamily(
        BUILD, "1, with what computes the state and where", labels=(*LABELS, "build", "owner")
    )
    for view in overview.partitions:
        for each in WorkerState:
            state.add_metric([*_labels(view), each], float(view.state == each))
        if view.status is not None:
            build.add_metric([*_labels(view), view.status.build, view.status.owner], 1)
    yield state
    yield build
    records = GaugeMetricFamily(
        RECORDS, "Sum of the ends of a topic's partitions", labels=("topic",)
    )
    for topic, count in overview.records.items():
        records.add_metric([topic], count)
    yield records


class _Looking(Collector):
    """Looks anew at each collection; where that fails it says so, and the server goes on."""

    def __init__(self, look: Callable[[], Overview]) -> None:
        self._look = look

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        try:
            overview = self._look()
        except PartitaError as error:
            _LOGGER.error("%s", error)  # noqa: TRY400 - the text says it all
            yield GaugeMetricFamily(UP, "Whether the exchange's Kafka answered", value=0)
        else:
            yield from families(overview)


class _Fixed(Collector):
    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        return families(self._overview)


def text(overview: Overview) -> str:
    """Return an overview in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Fixed(overview))
    return generate_latest(registry).decode()


def serve(look: Callable[[], Overview], host: str, port: int) -> WSGIServer:
    """Serve the text at http://HOST:PORT/metrics from a thread of its own, anew at each request.

    Its `shutdown()` ends it; `server_port` is the port that was found for port 0.

    Raises:
        PortInUse: it cannot be listened on.
    """
    registry = CollectorRegistry()
    registry.register(_Looking(look))
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise PortInUse(port, str(error)) from error
    return server


def meanings() -> Mapping[str, str]:
    """Return what each metric means, by the name that Prometheus shows."""
    found = {f"{meaning.name}_total": meaning.meaning for meaning in COUNTERS}
    return found | {meaning.name: meaning.meaning for meaning in GAUGES}
