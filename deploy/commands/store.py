"""`partita store`: how far the store of history is; made anew; compared with the log."""

import threading

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import NOTHING, console, number, plain_table, print_json
from partita.deploy.history.ask import running_store, store_option
from partita.deploy.history.verify import verify as run_verify
from partita.deploy.replay.show import progress
from partita.ledger.projector.projection import PROJECTED
from partita.ledger.projector.run import Projector
from partita.ledger.store.choice import open_reader, open_store
from partita.ledger.store.port import Retention, Store
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
    rows = []
    for topic in PROJECTED:
        for partition, (start, end) in admin.ranges(topic, counts[topic]).items():
            at = known.get((topic, partition))
            offset = max(start, 0 if at is None else at.offset)
            rows.append(
                {
                    "topic": topic,
                    "partition": partition,
                    "offset": offset,
                    "end": end,
                    "behind": max(0, end - offset),
                    "event": at.number if at is not None and topic == ACCOUNT_EVENTS else None,
                    "foreign": at is not None and at.source.topic_id != ids[topic],
                }
            )
    if as_json:
        print_json(rows)
        return
    table = plain_table("topic", "partition", "offset", "end", "behind", "event", left=("topic",))
    for row in rows:
        table.add_row(
            str(row["topic"]),
            str(row["partition"]),
            number(int(row["offset"])),
            number(int(row["end"])),
            number(int(row["behind"])),
            NOTHING if row["event"] is None else number(int(row["event"])),
        )
    console().print(address)
    console().print(table)
    if any(row["foreign"] for row in rows):
        console().print("[red]it was made from another log: `partita store rebuild` makes it anew")


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
    opened = iter([True])

    def open_it() -> Store:
        # Anew once: when another one begins it anew meanwhile, that is as good.
        return open_store(address, retention, anew=next(opened, False))

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
    """Compare every row of accounts with what the log makes, by a second way of folding it.

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
