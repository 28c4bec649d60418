"""The rows of the tables: integers become decimals here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from partita.deploy.audit.edges import Edge
from partita.deploy.audit.findings import AssetFinding, BalanceFinding, PartitionFinding, Place
from partita.deploy.audit.money import Sums, asset_decimals, asset_names
from partita.deploy.audit.published import Verdicts
from partita.deploy.audit.rebuild import Rebuilt, World
from partita.deploy.audit.stream import Stream
from partita.schemas.decimals import from_steps, unit


def partition_findings(
    rebuilt: Mapping[Place, Rebuilt],
    verdicts: Iterable[Verdicts],
    lagging: Mapping[Edge, int],
    world: World,
) -> list[PartitionFinding]:
    """Return a row for each partition; an edge belongs to its sender's."""
    events: Counter[Place] = Counter()
    for found in verdicts:
        for edge, count in found.agreed.items():
            if edge in world.homes:
                events[world.homes[edge]] += count
    late: Counter[Place] = Counter()
    for edge, count in lagging.items():
        late[world.homes[edge]] += count
    return [
        PartitionFinding(
            topic=place.topic,
            partition=place.partition,
            start=one.given.start,
            from_snapshots=one.given.from_snapshots,
            end=one.given.end,
            records=one.records,
            machines=one.machines,
            hashes=one.hashes,
            events=events[place],
            unsent=late[place],
            parked=one.parked,
        )
        for place, one in rebuilt.items()
    ]


def asset_findings(
    sums: Mapping[int, Sums], streams: Mapping[int, Stream], world: World
) -> list[AssetFinding]:
    """Return a row for each asset that has money, by name."""
    names, decimals = asset_names(world.rules.values()), asset_decimals(world.rules.values())
    whole = len(streams) == len(world.shards)
    found = []
    for asset_id, row in sums.items():
        step = unit(decimals[asset_id])

        def amount(units: int, step: Decimal = step) -> Decimal:
            return from_steps(units, step)

        moved_in = sum(stream.transferred_in[asset_id] for stream in streams.values())
        moved_out = sum(stream.transferred_out[asset_id] for stream in streams.values())
        if any(row) or moved_in or moved_out:
            found.append(
                AssetFinding(
                    asset=names[asset_id],
                    available=amount(row.available),
                    held=amount(row.held),
                    fees=amount(row.fees),
                    in_flight=amount(row.clearing),
                    transferred_in=amount(moved_in) if whole else None,
                    transferred_out=amount(moved_out) if whole else None,
                    transferred=amount(-row.external),
                    difference=amount(row.difference),
                )
            )
    return sorted(found)


def balance_findings(world: World, account: int) -> Sequence[BalanceFinding]:
    """Return what an account has, by asset; nothing where it is not open."""
    names, decimals = asset_names(world.rules.values()), asset_decimals(world.rules.values())
    return sorted(
        BalanceFinding(
            names[row.asset_id],
            from_steps(row.available, unit(decimals[row.asset_id])),
            from_steps(row.held, unit(decimals[row.asset_id])),
        )
        for state in world.shards.values()
        for row in state.accounts
        if row.account == account
    )
