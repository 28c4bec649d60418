"""`partita status`: what runs, how far it is, and what needs a person."""

import json
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.ledger.service import SERVICE as LEDGER
from partita.log.kafka.admin import Admin
from partita.log.service import Service
from partita.matchers.service import SERVICE as MATCHERS
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    DEAD_LETTERS,
    ORDERS,
    TICKERS,
)


class PartitionStatus(NamedTuple):
    """One partition of a worker's input."""

    topic: str
    partition: int
    owner: str | None  # None: no worker has it
    position: int  # offset that its worker takes next, as of about a second ago
    end: int  # offset behind the last record

    @property
    def lag(self) -> int:
        """How many records wait."""
        return self.end - self.position


def _inputs(admin: Admin, service: Service, count: int) -> list[PartitionStatus]:
    group = f"partita-{service.name}"
    owners = {p: member for member, owned in admin.members(group).items() for p in owned}
    positions, ends = admin.positions(group), admin.sizes(service.topic, count)
    return [
        PartitionStatus(service.topic, p, owners.get(p), max(positions.get(p, 0), 0), ends[p])
        for p in range(count)
    ]


@click.command()
@bootstrap_option
@json_option
def status(bootstrap: str, as_json: bool) -> None:
    """Show the topics, the workers with what they own, and how far behind they are.

    \b
    Exit code 3 when a partition has no worker.
    \b
    Example:
      partita status --json | jq .partitions
    """
    admin = Admin(bootstrap)
    shape = admin.shape()
    inputs = [
        *_inputs(admin, LEDGER, shape.shards),
        *_inputs(admin, MATCHERS, shape.partitions),
    ]
    records = {
        topic: sum(admin.sizes(topic, count).values())
        for topic, count in (
            (ACCOUNT_COMMANDS, shape.shards),
            (ORDERS, shape.partitions),
            (ACCOUNT_EVENTS, shape.shards),
            (BOOK, shape.partitions),
            (TICKERS, shape.partitions),
            (DEAD_LETTERS, 1),
        )
    }
    cluster = admin.cluster_id()
    if as_json:
        partitions = [row._asdict() | {"lag": row.lag} for row in inputs]
        click.echo(
            json.dumps(
                {
                    "bootstrap": bootstrap,
                    "cluster_id": cluster,
                    **shape._asdict(),
                    "partitions": partitions,
                    "records": records,
                }
            )
        )
    else:
        _show(Console(highlight=False), f"{bootstrap} (cluster {cluster})", inputs, records)
    if any(row.owner is None for row in inputs):
        raise SystemExit(3)


def _show(
    console: Console, where: str, inputs: list[PartitionStatus], records: dict[str, int]
) -> None:
    console.print(f"Kafka at {where}")
    table = Table("input", "partition", "worker", "position", "end", "lag", box=None)
    for row in inputs:
        owner = row.owner or "[red]none"
        lag = f"[yellow]{row.lag}" if row.lag else "0"
        table.add_row(row.topic, str(row.partition), owner, str(row.position), str(row.end), lag)
    console.print(table)
    sizes = Table("topic", "records", box=None)
    for topic, count in records.items():
        loud = topic == DEAD_LETTERS and count
        sizes.add_row(topic, f"[red]{count}" if loud else str(count))
    console.print(sizes)
