"""Whether the money adds up: in each shard, and over all shards with what is in flight.

Every fill has two legs, one for each party. Each leg moves money to or from the clearing account of
its symbol in the party's shard. When both legs are taken, clearing is zero; a leg that a book has
told and a shard has not taken yet is in flight. So for each symbol and asset: the clearing accounts
of all shards and the legs in flight are zero together.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.deploy.audit.edges import Edge
from partita.deploy.audit.findings import Differences, Kind, Place
from partita.ledger.state import ShardState
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import NewOrder
from partita.schemas.reports import Filled, Report
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_name


class Sums(NamedTuple):
    """One asset in one shard, or over all of them; smallest units."""

    available: int = 0
    held: int = 0
    fees: int = 0
    clearing: int = 0
    external: int = 0

    @property
    def difference(self) -> int:
        """What was made; below 0, lost."""
        return sum(self)

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Leg(NamedTuple):
    """What a fill in flight will move to a clearing account."""

    instrument_id: int
    asset_id: int
    amount: int  # units; below 0: from it


def sums_of(state: ShardState) -> dict[int, Sums]:
    """Return the sums of a shard by asset, computed anew from its accounts."""
    found: dict[int, Sums] = {}

    def add(asset_id: int, sums: Sums) -> None:
        found[asset_id] = found.get(asset_id, Sums()).plus(sums)

    for account in state.accounts:
        add(account.asset_id, Sums(available=account.available, held=account.held))
    for asset in state.assets:
        add(asset.asset_id, Sums(fees=asset.fees, external=asset.external))
    for symbol in state.clearing:
        add(symbol.asset_id, Sums(clearing=symbol.amount))
    return found


def legs(
    reports: Iterable[tuple[Edge, Report]],
    shards: Mapping[int, ShardState],
    ahead: Mapping[int, NewOrder],
    rules: Mapping[int, Instrument],
    differences: Differences,
) -> Iterator[Leg]:
    """Yield the legs of the fills among reports in flight."""
    sides = {order.order_id: order.side for state in shards.values() for order in state.orders} | {
        order.order_id: order.side for order in ahead.values()
    }
    for edge, report in reports:
        if not isinstance(report, Filled):
            continue
        side = sides.get(report.order_id)
        if side is None:
            text = f"a fill is under way to {shard_name(edge.receiver)}, which does not know the"
            text += f" order: {report}"
            differences.add(Kind.ORDER, text, Place(ACCOUNT_COMMANDS, edge.receiver))
            continue
        symbol = rules[edge.sender]
        sign = 1 if side is Side.BUY else -1
        cost = report.price * report.size * symbol.notional_unit
        yield Leg(edge.sender, symbol.base_asset_id, -sign * report.size * symbol.lot)
        yield Leg(edge.sender, symbol.quote_asset_id, sign * cost)


def conservation(
    shards: Mapping[int, ShardState],
    in_flight: Iterable[Leg],
    rules: Mapping[int, Instrument],
    differences: Differences,
) -> dict[int, Sums]:
    """Check that nothing was made or lost; return the sums over all shards by asset."""
    names = asset_names(rules.values())
    total: dict[int, Sums] = {}
    clearing: Counter[tuple[int, int]] = Counter()
    for shard, state in sorted(shards.items()):
        for asset_id, sums in sorted(sums_of(state).items()):
            total[asset_id] = total.get(asset_id, Sums()).plus(sums)
            if sums.difference:
                asset = names.get(asset_id, f"asset {asset_id}")
                text = f"{shard_name(shard)}: {asset} does not add up: {sums.difference:+} units"
                text += f" ({_listed(sums)})"
                differences.add(Kind.MONEY, text, Place(ACCOUNT_COMMANDS, shard))
        for row in state.clearing:
            clearing[row.instrument_id, row.asset_id] += row.amount
    for leg in in_flight:
        clearing[leg.instrument_id, leg.asset_id] += leg.amount
    for (instrument_id, asset_id), amount in sorted(clearing.items()):
        if amount:
            asset = names.get(asset_id, f"asset {asset_id}")
            symbol = rules[instrument_id].symbol if instrument_id in rules else instrument_id
            text = f"clearing of {symbol}: {amount:+} units of {asset} are neither settled nor in"
            differences.add(Kind.MONEY, f"{text} flight")
    return total


def _listed(sums: Sums) -> str:
    return ", ".join(f"{name} {amount}" for name, amount in sums._asdict().items())


def asset_names(rules: Iterable[Instrument]) -> dict[int, str]:
    """Return the assets' names by number."""
    return {number: name for number, (name, _) in _assets(rules).items()}


def asset_decimals(rules: Iterable[Instrument]) -> dict[int, int]:
    """Return the assets' decimals by number."""
    return {number: decimals for number, (_, decimals) in _assets(rules).items()}


def _assets(rules: Iterable[Instrument]) -> dict[int, tuple[str, int]]:
    found = {}
    for symbol in rules:
        found[symbol.base_asset_id] = symbol.base_asset, symbol.base_decimals
        found[symbol.quote_asset_id] = symbol.quote_asset, symbol.quote_decimals
    return found


def negative_balances(shards: Sequence[ShardState], differences: Differences) -> None:
    """Check that no balance is below zero."""
    for state in shards:
        for row in state.accounts:
            if row.available < 0 or row.held < 0:
                place = Place(ACCOUNT_COMMANDS, state.shard)
                differences.add(Kind.MONEY, f"a balance is below zero: {row}", place)
