"""`partita pass`: the operator's word that goes past one record."""

import click
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option
from partita.deploy.commands.views import clock, console, number, plain_table
from partita.deploy.operate.describe import Described, describe, printable
from partita.deploy.operate.lookout import NO_WORKER, SERVICES, Lookout, PartitionView
from partita.deploy.operate.passing import (
    WAIT_S,
    check,
    manifests,
    parked_there,
    passes,
    record_at,
    wait_past,
    write,
)
from partita.deploy.operate.places import Place
from partita.log.kafka.admin import Admin
from partita.schemas.enums import Line
from partita.schemas.errors import InvalidValue


@click.command("pass")
@click.argument("place", metavar="TOPIC/PARTITION/OFFSET")
@click.option("--line", type=click.Choice([*Line]), help="The line that must be parked there.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for those who read the log later.")
@click.option(
    "--wait",
    "wait_s",
    metavar="SECONDS",
    type=click.IntRange(1, 3_600),
    default=WAIT_S,
    show_default=True,
    help="How long the partition may take to go past it.",
)
@bootstrap_option
def pass_record(
    place: str, line: str | None, yes: bool, reason: str, wait_s: int, bootstrap: str
) -> None:
    """Go past the record at TOPIC/PARTITION/OFFSET, at which a partition is parked.

    All lines skip it from then on, at each replay too: what it would have done is never done.
    There is no way back. It is refused where that would do harm: where no line is parked
    there, or another line has taken the record.

    \b
    Exit code 3 when it is refused, 4 when the partition is not past the record in time.
    \b
    Examples:
      partita parked
      partita pass orders/0/17
      partita pass orders/0/17 --yes --reason "made by a broken client"
    """
    wanted = _of_an_input(place, bootstrap)
    record = describe(record_at(bootstrap, wanted))
    _show(wanted, record)
    out = console()
    with Lookout(bootstrap) as lookout:
        lines = lookout.look().lines(wanted.topic, wanted.partition)
        known = passes(bootstrap).get(wanted)
        if known is not None and known.sha256 == record.sha256:
            out.print(
                Text(f"{wanted} is passed already{f': {known.reason}' if known.reason else ''}")
            )
            for view in parked_there(wanted, lines):
                out.print(Text(f"line {view.line} is still there ({view.owner or NO_WORKER})"))
            return
        snapshots = manifests(bootstrap, wanted)
        stuck = check(wanted, record.sha256, lines, snapshots, None if line is None else Line(line))
        for view in stuck:
            why = "" if view.last is None else printable(view.last.reason)
            where = f"line {view.line} ({view.owner or NO_WORKER})"
            out.print(Text(f"{where} is parked there: {why}"))
        if not yes:
            click.confirm(_question(wanted, record), abort=True)
        write(bootstrap, wanted, record.sha256, reason)
        out.print(f"[dim]{wanted} is passed; waiting for it to be heard")
        stood = wait_past(lookout, wanted, stuck, wait_s, lambda how: out.print(f"[dim]{how}"))
    for view in stood:
        out.print(_outcome(view))


def _of_an_input(place: str, bootstrap: str) -> Place:
    """Return the place that is meant. Raises InvalidValue when no worker reads there."""
    wanted, shape = Place.parse(place), Admin(bootstrap).shape()
    counts = dict(zip((service.topic for service in SERVICES), shape, strict=True))
    if wanted.topic not in counts:
        raise InvalidValue("topic", wanted.topic, f"must be one of {', '.join(counts)}")
    if wanted.partition >= counts[wanted.topic]:
        rule = f"{wanted.topic} has {counts[wanted.topic]} partitions, counted from 0"
        raise InvalidValue("partition", wanted.partition, rule)
    return wanted


def _show(place: Place, record: Described) -> None:
    table = plain_table("", "", left=("",))
    table.show_header = False
    table.columns[1].justify = "left"
    rows = [
        ("place", str(place)),
        ("time", f"{clock(record.time_ms)} UTC"),
        ("size", f"{number(record.size)} bytes"),
        ("sha256", record.sha256.hex()),
        ("what", record.kind),
        *(("", line) for line in record.holds),
    ]
    if not record.holds:
        dots = " ..." if record.size > len(record.head) else ""
        rows.append(("head", f"{record.head.hex(' ')}{dots}"))
    for name, text in rows:
        table.add_row(Text(name, "dim"), Text(text))
    console().print(table)


def _question(place: Place, record: Described) -> str:
    gap = (
        " Its events are numbered: who should have taken them waits for those numbers until the"
        " sender says them again."
        if record.numbered
        else ""
    )
    return (
        f"All lines will skip {place} for ever, and what it would have done is never done.{gap}"
        " Go past it?"
    )


def _outcome(view: PartitionView) -> Text:
    if view.parked and view.last is not None:
        why = f"and parked again at {view.position}: {printable(view.last.reason)}"
        return Text(f"line {view.line} is past it, {why}", "red")
    return Text(f"line {view.line} is past it, and {view.state} at {view.position}", "green")
