"""`partita status`: what runs, how far it is, and what needs a person."""

from typing import Any

import click
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.health_tables import counters_table, workers_table
from partita.deploy.commands.views import console, print_json
from partita.deploy.operate.lookout import Overview, PartitionView, look
from partita.log.build import parts
from partita.schemas.topics import DEAD_LETTERS

_UNSERVED = 3


@click.command()
@bootstrap_option
@json_option
def status(bootstrap: str, as_json: bool) -> None:
    """Show the topics, the workers with what they own, how they are, and how far behind.

    A partition has a row for each line that runs. Ages are log time up to the newest record of
    the input; counters are since the worker's start. `starting` is a worker that has not said
    yet how it is.

    \b
    Exit code 3 when a partition has no worker of any line.
    \b
    Examples:
      partita status
      partita status --json | jq .partitions
    """
    overview = look(bootstrap)
    if as_json:
        print_json(
            {
                "bootstrap": bootstrap,
                "cluster_id": overview.cluster_id,
                "shards": overview.shape.shards,
                "partitions": [_values(view) for view in overview.partitions],
                "records": overview.records,
            }
        )
    else:
        _show(f"{bootstrap} (cluster {overview.cluster_id})", overview)
    if overview.unserved:
        raise SystemExit(_UNSERVED)


def _values(view: PartitionView) -> dict[str, Any]:
    """Return a row as a program reads it; `status` is the worker's own word, null without one."""
    status = view.status
    return {
        "topic": view.topic,
        "partition": view.partition,
        "owner": view.owner,
        "position": view.position,
        "end": view.end,
        "lag": view.lag,
        "service": view.service,
        "line": view.line,
        "state": view.state,
        "parked": view.parked,
        "newest_ms": view.newest_ms,
        "snapshot_age_ms": view.snapshot_age_ms,
        "said_ms": None if view.said is None else view.said.time_ms,
        "engine": None if status is None else parts(status.build)[1],
        "status": None
        if status is None
        else status._asdict() | {"parked_sha256": status.parked_sha256.hex()},
    }


def _show(where: str, overview: Overview) -> None:
    out = console()
    out.print(f"Kafka at {where}", soft_wrap=True)
    out.print(workers_table(overview.partitions))
    out.print(counters_table(overview.partitions))
    sizes = Table("topic", "records", box=None)
    for topic, count in overview.records.items():
        loud = topic == DEAD_LETTERS and count
        sizes.add_row(topic, f"[red]{count}" if loud else str(count))
    out.print(sizes)
    for view in overview.parked:
        place = f"{view.topic}/{view.partition}/{view.position}"
        out.print(Text(f"line {view.line} is parked at {place}: see `partita parked`", "red"))
