"""`partita parked`: the partitions that stand still at a record."""

from typing import Any

import click
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import clock, console, plain_table, print_json
from partita.deploy.operate.describe import printable
from partita.deploy.operate.lookout import NO_WORKER, STARTING, Overview, PartitionView, look
from partita.deploy.operate.places import Place

NOTHING_PARKED = 0
SOMETHING_PARKED = 3


@click.command()
@bootstrap_option
@json_option
def parked(bootstrap: str, as_json: bool) -> None:
    """List the partitions that are parked: at which record, and why.

    A partition is parked where a machine fails, or at a record of a schema that its worker does
    not know. The other partitions go on. For the latter start workers of the newer build; where
    nothing else helps, `partita pass` goes past the record.

    A worker whose partitions are all parked ends; its last word is shown, with `no worker`.

    \b
    Exit code 3 when something is parked, 0 when nothing is.
    \b
    Examples:
      partita parked
      partita parked --json | jq -r '.[].place'
    """
    overview = look(bootstrap)
    found = overview.parked
    if as_json:
        print_json([_values(view, overview) for view in found])
    elif not found:
        console().print("nothing is parked")
    else:
        _show(found, overview)
    if found:
        raise SystemExit(SOMETHING_PARKED)


def _place(view: PartitionView) -> Place:
    return Place(view.topic, view.partition, view.position)


def _past(view: PartitionView, overview: Overview) -> str | None:
    """Return the line that is past the place, None when none is."""
    lines = overview.lines(view.topic, view.partition)
    return next((other.line for other in lines if other.position > view.position), None)


def _values(view: PartitionView, overview: Overview) -> dict[str, Any]:
    assert view.said is not None, "what is parked has said so"
    status = view.said.status
    return {
        "service": view.service,
        "line": view.line,
        "topic": view.topic,
        "partition": view.partition,
        "position": view.position,
        "place": str(_place(view)),
        "reason": status.reason,
        "sha256": status.parked_sha256.hex(),
        "since_ms": view.said.time_ms,
        "worker": view.owner,
        "said_by": status.owner,
        "build": status.build,
        "waiting": view.lag,
        "line_past": _past(view, overview),
    }


def _show(found: list[PartitionView], overview: Overview) -> None:
    table = plain_table(
        "service",
        "line",
        "place",
        "since (UTC)",
        "waiting",
        "worker",
        "why",
        left=("service", "line", "place", "since (UTC)", "worker", "why"),
    )
    for view in found:
        values = _values(view, overview)
        worker = Text(view.owner or NO_WORKER, "" if view.owner else "red")
        if view.state == STARTING:
            worker.append(f" ({STARTING})")
        why = Text(printable(values["reason"]))
        if values["line_past"] is not None:
            why.append(f" (line {values['line_past']} is past it)", "yellow")
        table.add_row(
            view.service,
            view.line,
            Text(values["place"], "bold red"),
            clock(values["since_ms"]),
            f"{view.lag:,}",
            worker,
            why,
        )
    out = console()
    out.print(table)
    for view in found:
        assert view.last is not None, "what is parked has said so"
        out.print(f"[dim]{_place(view)}  sha256 {view.last.parked_sha256.hex()}", soft_wrap=True)
