"""`partita store`: how far the store of history is; made anew; compared with the log."""

import threading
from typing import NamedTuple

import click

from partita.deploy.audit.store_check import verify as run_verify
from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, number, plain_table, print_json
from partita.deploy.history.ask import running_store, store_option
from partita.deploy.replay.show import progress
from partita.ledger.projector.projection import PROJECTED
from partita.ledger.projector.run import Projector
from partita.ledger.store.choice import open_reader, open_store
from partita.ledger.store.port import Retention, Store
from partita.ledger.store.rows import Progress
from partita.log.kafka.admin import Admin
from partita.schemas.topics import ACCOUNT_EVENTS, TOPICS, partitions_of

_DAY_MS = 86_400_000


@click.group()
def store() -> None:
    """The store of history: orders, fills, entries, balances, trades and candles.

    It is made from the log by a projector, which `partita up` runs, and can always be made again.
    """


@store.command()
@store_option
@bootstrap_option
@json_option
def status(store: str | None, bootstrap: str, as_json: bool) -> None:
    """Show how far the store is behind the log.

    \b
    Examples:
      partita store status
      partita store status --json | jq 'map(.behind) | add'
    """
    address, admin = running_store(store), Admin(bootstrap)
    shape, ids = admin.shape(), admin.topic_ids()
    reader = open_reader(address)
    known = {(at.source.topic, at.source.partition): at for at in reader.progress().values()}
    reader.close()
    counts = {rule.name: partitions_of(rule, *shape) for rule in TOPICS}
    behind = [
        _standing(topic, partition, bounds, known.get((topic, partition)), ids[topic])
        for topic in PROJECTED
        for partition, bounds in admin.ranges(topic, counts[topic]).items()
    ]
    if as_json:
        print_json(behind)
        return
    table = plain_table("topic", "partition", "offset", "end", "behind", "event", left=("topic",))
    for at in behind:
        numbers = (at.offset, at.end, at.behind, at.event)
        table.add_row(at.topic, str(at.partition), *map(number, numbers))
    console().print(address)
    console().print(table)
    if any(at.foreign for at in behind):
        console().print("[red]it was made from another log: `partita store rebuild` makes it anew")


class Standing(NamedTuple):
    """How far a store is with one partition."""

    topic: str
    partition: int
    offset: int  # the next record it takes
    end: int  # of the partition
    behind: int  # records
    event: int | None  # number of the last event taken; of account-events
    foreign: bool  # the topic is not the one that the store was made from


def _standing(
    topic: str, partition: int, bounds: tuple[int, int], at: Progress | None, topic_id: str
) -> Standing:
    start, end = bounds
    offset = max(start, 0 if at is None else at.offset)
    event = at.number if at is not None and topic == ACCOUNT_EVENTS else None
    foreign = at is not None and at.source.topic_id != topic_id
    return Standing(topic, partition, offset, end, max(0, end - offset), event, foreign)


@store.command()
@store_option
@bootstrap_option
@click.option("--keep-trades-days", type=click.IntRange(0), default=30, show_default=True)
@click.option("--keep-candles-days", type=click.IntRange(0), default=0, show_default=True)
def rebuild(
    store: str | None, bootstrap: str, keep_trades_days: int, keep_candles_days: int
) -> None:
    """Make the store anew from the log, up to where the log now ends.

    What it holds is removed, whatever its version and state. Projectors that run notice it and
    begin anew with it; trading does not.

    \b
    Example:
      partita store rebuild
    """
    address = running_store(store)
    days = (keep_trades_days, keep_candles_days)
    retention = Retention(*(kept * _DAY_MS if kept else None for kept in days))
    anew = True

    def open_it() -> Store:
        nonlocal anew
        opened = open_store(address, retention, anew=anew)
        # Once, however often it takes: when another one begins it anew later, that is as good.
        anew = False
        return opened

    with progress() as shown:
        total: int | None = None

        def tell(_rows: int, left: int) -> None:
            nonlocal total
            if total is None or left > total:
                total = left
                shown.begin("records", total)
            shown.at(total - left)

        projector = Projector(bootstrap, open_it, threading.Event(), tell)
        projector.run(to_the_end=True)
    console().print(f"[green]rebuilt[/] {address}: {number(projector.rows)} rows")


@store.command()
@store_option
@bootstrap_option
@json_option
def verify(store: str | None, bootstrap: str, as_json: bool) -> None:
    """Compare every row with what the log makes, by a second way of folding it.

    \b
    Exit code 3 when anything differs.
    """
    address = running_store(store)
    found = run_verify(bootstrap, address)
    if as_json:
        print_json(found)
    else:
        console().print(
            f"{number(found.rows)} rows, {number(found.covered)} of {number(found.events)} events"
        )
        for text in found.differences:
            console().print(text, markup=False)
        verdict = "[green]equal to the log" if not found.difference_count else "[red]different"
        console().print(verdict)
    if found.difference_count:
        raise SystemExit(3)
