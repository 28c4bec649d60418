"""How an audit looks."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from partita.deploy.audit.findings import (
    BalanceFinding,
    DerivedFinding,
    Findings,
    PartitionFinding,
)
from partita.deploy.commands.views import NOTHING, console, money, number, plain_table


def verdict(findings: Findings) -> str:
    """Return the verdict in one word: differs, parked or clean."""
    if findings.difference_count:
        return "differs"
    return "parked" if findings.parked else "clean"


def as_json(findings: Findings) -> dict[str, Any]:
    """Return the findings for a program; views.print_json makes decimals strings."""
    found = findings._asdict()
    del found["different"]
    return {
        "verdict": verdict(findings),
        **found,
        "derived": findings.derived._asdict(),
        "store": None if findings.store is None else findings.store._asdict(),
        "partitions": [
            row._asdict() | {"agrees": (row.topic, row.partition) not in findings.different}
            for row in findings.partitions
        ],
        "unsent": findings.unsent,
    }


def show(findings: Findings, account: int | None) -> None:
    """Print the findings for a person."""
    out = console()
    _show_partitions(out, findings)
    _show_assets(out, findings)
    if findings.balances is not None:
        _show_account(out, account, findings.balances)
    _show_derived(out, findings.derived)
    if findings.store is not None:
        rows, behind = number(findings.store.rows), number(findings.store.behind)
        out.print(f"\nstore {findings.store.address}: {rows} rows compared, {behind} events behind")
    for note in findings.notes:
        out.print(Text(note, "yellow"))
    for difference in findings.differences:
        out.print(Text(f"{difference.kind}: {difference.text}", "red"))
    left = findings.difference_count - len(findings.differences)
    if left:
        out.print(f"[red]and {number(left)} more differences")
    rate = round(findings.events / findings.seconds) if findings.seconds else 0
    out.print(
        f"{number(findings.records)} records and {number(findings.events)} events in"
        f" {findings.seconds:,.1f} s: {number(rate)} events/s"
    )
    if findings.difference_count:
        out.print(f"[bold red]{number(findings.difference_count)} DIFFERENCES")
    elif findings.parked:
        out.print(
            "[bold red]PARKED: nothing behind the places above is proven. See `partita parked`"
        )
    else:
        out.print("[green]clean: the log makes every balance, book, hash and event as they are")


def _show_partitions(out: Console, findings: Findings) -> None:
    table = plain_table(
        "input",
        "partition",
        "from",
        "to",
        "records",
        "machines",
        "hashes",
        "events",
        "unsent",
        "verdict",
        left=("input", "from", "verdict"),
    )
    for row in findings.partitions:
        table.add_row(
            row.topic,
            str(row.partition),
            f"snapshots, offset {number(row.start)}" if row.from_snapshots else "offset 0",
            number(row.end),
            number(row.records),
            number(row.machines),
            number(row.hashes),
            number(row.events),
            number(row.unsent),
            _row_verdict(row, findings),
        )
    out.print(table)


def _row_verdict(row: PartitionFinding, findings: Findings) -> Text:
    if (row.topic, row.partition) in findings.different:
        return Text("differs", "red")
    return Text(row.parked, "red") if row.parked else Text("agrees", "green")


def _show_derived(out: Console, derived: DerivedFinding) -> None:
    table = plain_table("derived", "compared", left=("derived",))
    for name, count in derived._asdict().items():
        table.add_row(name.replace("_", " "), number(count))
    out.print()
    out.print(table)


def _show_assets(out: Console, findings: Findings) -> None:
    table = plain_table(
        "asset",
        "available",
        "held",
        "fees",
        "in flight",
        "in",
        "out",
        "difference",
        left=("asset",),
    )
    for row in findings.assets:
        table.add_row(
            row.asset,
            money(row.available),
            money(row.held),
            money(row.fees),
            money(row.in_flight),
            _known(row.transferred_in),
            _known(row.transferred_out),
            Text(money(row.difference), "red" if row.difference else "green"),
        )
    out.print("\nover all accounts of all shards:")
    out.print(table)


def _known(amount: Decimal | None) -> str:
    return NOTHING if amount is None else money(amount)


def _show_account(out: Console, account: int | None, balances: Sequence[BalanceFinding]) -> None:
    out.print(f"\naccount {account}, as the log makes it:")
    table = plain_table("asset", "available", "held", "total", left=("asset",))
    for row in balances:
        table.add_row(
            row.asset, money(row.available), money(row.held), money(row.available + row.held)
        )
    out.print(table)
