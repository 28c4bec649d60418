"""How the workers are, as tables for people."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from partita.deploy.commands.views import NOTHING, number, plain_table
from partita.deploy.operate.lookout import NO_WORKER, STARTING, PartitionView
from partita.log.build import parts
from partita.schemas.enums import WorkerState

_STATE_STYLES = {
    WorkerState.SILENT.value: "cyan",
    WorkerState.REPLAYING.value: "yellow",
    WorkerState.RUNNING.value: "green",
    WorkerState.PARKED.value: "bold red",
    STARTING: "yellow",
    NO_WORKER: "bold red",
}
_UNITS = ("B", "KiB", "MiB", "GiB")


def workers_table(views: Iterable[PartitionView]) -> Table:
    """Return where the workers are: a row for each partition and line."""
    table = plain_table(
        *("input", "line", "worker", "state", "position", "lag"),
        *("snapshot", "age", "size", "recovered"),
        left=("input", "line", "worker", "state"),
    )
    for view in views:
        status = view.status
        has_snapshot = status is not None and status.snapshot_position >= 0
        table.add_row(
            f"{view.topic}/{view.partition}",
            view.line,
            Text(view.owner or NO_WORKER, "" if view.owner else "red"),
            state_text(view),
            number(view.position),
            Text(number(view.lag), "yellow" if view.lag else ""),
            number(status.snapshot_position) if status and has_snapshot else NOTHING,
            duration(view.snapshot_age_ms),
            size(status.snapshot_bytes) if status and has_snapshot else NOTHING,
            duration(status.recovery_ms if status and status.recovery_ms >= 0 else None),
        )
    return table


def counters_table(views: Iterable[PartitionView]) -> Table:
    """Return what the workers have met since their start: a row for each partition and line."""
    table = plain_table(
        *("input", "line", "records", "groups", "duplicates", "gaps", "waiting", "refused"),
        *("dead letters", "machines", "engine", "build"),
        left=("input", "line", "engine", "build"),
    )
    for view in views:
        status = view.status
        if status is None:
            continue
        table.add_row(
            f"{view.topic}/{view.partition}",
            view.line,
            number(status.records),
            number(status.groups_taken),
            number(status.duplicates_dropped),
            number(status.gaps_waited),
            _loud(status.edges_waiting),
            _loud(status.lines_refused),
            _loud(status.dead_letters),
            number(status.machines),
            *reversed(parts(status.build)),
        )
    return table


def state_text(view: PartitionView) -> Text:
    """Return what a worker does, in its colour; that it was parked stays beside its absence."""
    text = Text(view.state, _STATE_STYLES[view.state])
    if view.parked and view.state != WorkerState.PARKED:
        text.append(" (parked)", "red")
    return text


def _loud(count: int) -> Text:
    return Text(number(count), "red" if count else "")


def duration(time_ms: int | None) -> str:
    """Return a time that passed, for people.

    >>> duration(412), duration(61_000), duration(7_500_000), duration(None)
    ('0.412 s', '61.0 s', '2 h 05 min', '-')
    """
    if time_ms is None:
        return NOTHING
    if time_ms < 1_000:
        return f"0.{time_ms:03} s"
    seconds, ms = divmod(time_ms, 1_000)
    if seconds < 600:
        return f"{seconds}.{ms // 100} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min"


def size(count: int) -> str:
    """Return a number of bytes for people.

    >>> size(1023), size(1536), size(5 << 20)
    ('1023 B', '1.5 KiB', '5.0 MiB')
    """
    power = 0
    while power < len(_UNITS) - 1 and count >> (10 * (power + 1)):
        power += 1
    tenths = (count * 10) >> (10 * power)
    return f"{count} B" if power == 0 else f"{tenths // 10}.{tenths % 10} {_UNITS[power]}"
