"""The second opinion: every balance, folded from the private stream alone.

Nothing here is taken from the ledger's code. From the first event on, each change of what an
account has in all (available + held) must be a transfer's or a fill's; the last balance told of
each account and asset must be the one that the log makes, and so must the fees, and what was
transferred in and out.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from partita.deploy.audit.findings import Differences, Kind, Place
from partita.deploy.audit.reading import Taken
from partita.ledger.state import ShardState
from partita.schemas.accounts import Accepted, AccountEvent, Balance, Filled
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_name


class Told(NamedTuple):
    """What the stream last told of an account's asset, units."""

    available: int
    held: int


_NOTHING = Told(0, 0)


class Stream:
    """The private stream of one shard, in the order of its numbers, from the first."""

    def __init__(
        self, shard: int, rules: Mapping[int, Instrument], differences: Differences
    ) -> None:
        """Start before the first event."""
        self.balances: dict[tuple[int, int], Told] = {}  # by account, asset_id
        self.transferred_in: Counter[int] = Counter()  # by asset_id
        self.transferred_out: Counter[int] = Counter()
        self.fees: Counter[int] = Counter()
        self._owed: Counter[tuple[int, int]] = Counter()  # by fills, not yet seen in a balance
        self._transfer = 0  # the account of a transfer that the event before this may have told of
        self._rules = rules
        self._differences = differences
        self._place = Place(ACCOUNT_COMMANDS, shard)

    def take(self, taken: Taken) -> None:
        """Take events."""
        for number, event in enumerate(taken.events, taken.first):
            self._event(number, event)

    def _event(self, number: int, event: AccountEvent) -> None:
        transfer, self._transfer = self._transfer, 0
        if isinstance(event, Balance):
            self._balance(number, event, transferable=transfer == event.account)
        elif isinstance(event, Filled):
            self._filled(number, event)
        elif isinstance(event, Accepted) and not (event.order_id or event.count or event.repeated):
            # A transfer, or a cancel-all that found nothing: the balance behind it will tell.
            self._transfer = event.account

    def _filled(self, number: int, event: Filled) -> None:
        rules = self._rules.get(event.instrument_id)
        if rules is None:
            shard = shard_name(self._place.partition)
            self._differ(f"{shard}, event {number}: no instrument has the number of {event}")
            return
        base = event.size * rules.lot
        quote = event.price * event.size * rules.notional_unit
        sign = 1 if event.side is Side.BUY else -1
        self._owed[event.account, rules.base_asset_id] += sign * base
        self._owed[event.account, rules.quote_asset_id] -= sign * quote + event.fee
        self.fees[rules.quote_asset_id] += event.fee

    def _balance(self, number: int, event: Balance, *, transferable: bool) -> None:
        key = event.account, event.asset_id
        owed = self._owed.pop(key, 0)
        had = self.balances.get(key, _NOTHING)
        change = event.available + event.held - sum(had) - owed
        self.balances[key] = Told(event.available, event.held)
        if not change:
            return
        if not transferable:
            text = f"{shard_name(self._place.partition)}, event {number}: {event} is {change:+}"
            text += " units from what its fills and transfers make"
            self._differences.add(Kind.STREAM, text, self._place)
        elif change > 0:
            self.transferred_in[event.asset_id] += change
        else:
            self.transferred_out[event.asset_id] -= change

    def compare(self, state: ShardState) -> None:
        """Compare with the shard that the log makes."""
        shard = shard_name(state.shard)
        told = dict(self.balances)
        for row in state.accounts:
            last = told.pop((row.account, row.asset_id), _NOTHING)
            if last != (row.available, row.held):
                text = f"account {row.account}, asset {row.asset_id}: the private stream told"
                text += f" {last.available} available and {last.held} held, and the log makes"
                self._differ(f"{text} {row.available} and {row.held}")
        for (account, asset_id), last in told.items():
            if last != _NOTHING:
                self._differ(f"account {account}, asset {asset_id}: told {last}, and has nothing")
        for (account, asset_id), units in self._owed.items():
            if units:
                self._differ(f"account {account}, asset {asset_id}: {units:+} units never told of")
        for asset in state.assets:
            net = self.transferred_in[asset.asset_id] - self.transferred_out[asset.asset_id]
            for what, mine, theirs in (
                ("fees", self.fees[asset.asset_id], asset.fees),
                ("transferred", net, -asset.external),
            ):
                if mine != theirs:
                    text = f"{shard}, asset {asset.asset_id}: {what} {mine} units by the private"
                    self._differ(f"{text} stream, {theirs} by the log")

    def _differ(self, text: str) -> None:
        self._differences.add(Kind.STREAM, text, self._place)
