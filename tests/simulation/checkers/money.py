"""Invariants 1 and 2: money is neither made nor lost, and every balance is what it must be.

Everything is computed again from the transfers that were accepted and the fills that books
reported, both as they stand on the log.
"""

from collections import Counter

from simulation.checkers.base import Checker
from simulation.market import INSTRUMENTS, LOT, UNIT
from simulation.sightings import EdgeName, Noted, Seen
from simulation.stations import SHARDS, Station
from simulation.venue import Venue

from partita.ledger.state import ShardState
from partita.schemas import reports
from partita.schemas.accounts import Accepted, Balance
from partita.schemas.commands import CommandBatch, Transfer
from partita.schemas.enums import Side
from partita.schemas.orders import NewOrder
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_of

_ASSETS_OF = {i.instrument_id: (i.base_asset_id, i.quote_asset_id) for i in INSTRUMENTS}

Posting = tuple[int, int, int]  # base units and quote units a fill moves to clearing, and its fee


class Money(Checker):
    """Balances, fees, clearing and external, against a computation of its own."""

    name = "money"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._orders: dict[int, NewOrder] = {}
        # By book and shard: the sums over the first n reports.
        self._moved: dict[tuple[int, int], list[Posting]] = {}
        self._owned: Counter[tuple[int, int]] = Counter()  # by account and asset, from fills
        self._first: dict[tuple[int, str], Transfer] = {}  # the content that was logged first
        self._in: Counter[tuple[int, int]] = Counter()  # by account and asset, from transfers
        self._told: dict[tuple[int, int], Balance] = {}  # the last of each

    def note(self, noted: Noted) -> None:
        """Remember what each transfer's id was first used for."""
        if isinstance(noted.message, CommandBatch):
            for command in noted.message.commands:
                key = command.account, command.command_id
                if isinstance(command, Transfer):
                    self._first.setdefault(key, command)

    def see(self, seen: Seen) -> None:
        """Follow orders, fills and accepted transfers."""
        event = seen.event
        if isinstance(event, NewOrder):
            self._orders[event.order_id] = event
        elif seen.edge.topic == ACCOUNT_COMMANDS:
            self._report(seen.edge, event if isinstance(event, reports.Filled) else None)
        elif isinstance(event, Accepted) and not event.repeated:
            transfer = self._first.get((event.account, event.command_id))
            if transfer is not None:
                self._in[event.account, transfer.asset_id] += transfer.amount
        elif isinstance(event, Balance):
            self._told[event.account, event.asset_id] = event

    def _report(self, edge: EdgeName, fill: reports.Filled | None) -> None:
        sums = self._moved.setdefault((edge.sender, edge.receiver), [(0, 0, 0)])
        base, quote, fees = sums[-1]
        if fill is not None:
            order = self._orders.get(fill.order_id)
            if order is None:
                self.fail(f"no book was given the order of {fill}")
            base_id, quote_id = _ASSETS_OF[edge.sender]
            lots, cost = fill.size * LOT, fill.price * fill.size * UNIT
            sign = 1 if order.side is Side.BUY else -1
            base, quote, fees = base - sign * lots, quote + sign * cost, fees + fill.fee
            self._owned[order.account, base_id] += sign * lots
            self._owned[order.account, quote_id] -= sign * cost + fill.fee
        sums.append((base, quote, fees))

    def stepped(self, station: Station) -> None:
        """Check clearing and fees of each shard against the reports it has taken."""
        for shard, partition in station.shards.items():
            if shard in station.partitions and shard not in station.stopped:
                taken = {book: state.number for book, state in partition.edges()[0]}
                self._check_shard(partition.shard.snapshot(), taken)

    def _check_shard(self, state: ShardState, taken: dict[int, int]) -> None:
        clearing: Counter[tuple[int, int]] = Counter()
        fees: Counter[int] = Counter()
        for book, number in taken.items():
            if number == 0:
                continue
            moved = self._moved[book, state.shard]
            self.require(number < len(moved), f"shard {state.shard} has taken {number} of {book}")
            base, quote, fee = moved[number]
            base_id, quote_id = _ASSETS_OF[book]
            clearing[book, base_id] += base
            clearing[book, quote_id] += quote
            fees[quote_id] += fee
        kept = {(row.instrument_id, row.asset_id): row.amount for row in state.clearing}
        expected = {key: amount for key, amount in clearing.items() if amount}
        self.require(expected == kept, f"clearing of shard {state.shard}: {expected}, is {kept}")
        sums: Counter[int] = Counter()
        for row in state.accounts:
            self.require(min(row.available, row.held) >= 0, f"a balance is negative: {row}")
            sums[row.asset_id] += row.available + row.held
        for (_, asset_id), amount in kept.items():
            sums[asset_id] += amount
        for asset in state.assets:
            expected_fee = fees[asset.asset_id]
            self.require(asset.fees == expected_fee, f"fees: {expected_fee}, is {asset}")
            total = sums[asset.asset_id] + asset.fees + asset.external
            self.require(
                total == 0, f"asset {asset.asset_id} of shard {state.shard} sums to {total}"
            )

    def at_rest(self) -> None:
        """Check every balance, what was told of it, and that nothing is in flight."""
        clearing: Counter[tuple[int, int]] = Counter()
        counted: set[int] = set()
        for station in self.ledgers():
            for shard in station.partitions:
                state = station.shards[shard].shard.snapshot()
                self._check_accounts(state)
                if shard not in counted:
                    counted.add(shard)
                    for row in state.clearing:
                        clearing[row.instrument_id, row.asset_id] += row.amount
        self.require(counted == set(range(SHARDS)), "every shard is alive")
        left = {key: amount for key, amount in clearing.items() if amount}
        self.require(not left, f"nothing is in flight, but clearing holds {left}")

    def _check_accounts(self, state: ShardState) -> None:
        expected = {
            key: self._owned[key] + self._in[key]
            for key in sorted({*self._owned, *self._in})
            if shard_of(key[0], SHARDS) == state.shard
        }
        kept = {(row.account, row.asset_id): row.available + row.held for row in state.accounts}
        for key in sorted({*expected, *kept}):
            mine, is_ = expected.get(key, 0), kept.get(key, 0)
            self.require(mine == is_, f"account, asset {key} owns {mine}, the shard says {is_}")
        for row in state.accounts:
            told = self._told.get((row.account, row.asset_id), Balance(*row[:2], 0, 0))
            self.require(tuple(told) == tuple(row), f"told {told}, is {row}")
        for asset in state.assets:
            given = sum(
                amount
                for (account, asset_id), amount in self._in.items()
                if asset_id == asset.asset_id and shard_of(account, SHARDS) == state.shard
            )
            self.require(asset.external == -given, f"external: -{given}, is {asset}")
