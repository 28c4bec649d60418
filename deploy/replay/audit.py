"""The second opinion on the money: the private stream against the shards' own sums.

From transfers and fills alone the audit reckons how each account's money (available + held) and
each shard's fees must change, and compares:

- every Balance on the stream with the one before it of that account and asset;
- every Total, which a shard states in its turn on the stream, with its first one: exact at that
  place, whatever is in flight or done by others at the time.

Nothing here is taken from the ledger's code. What it cannot know are the amounts of other people's
transfers: when there are some, it says that it cannot tell, rather than raise a false alarm.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from partita.producers import RawEvent
from partita.schemas.accounts import Accepted, Balance, Filled, Total
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument

# What is told of many differences: the first few say what the rest would.
_SHOWN_MAX = 20


class Audit:
    """Takes the private stream of all accounts; `differences` is what does not add up."""

    def __init__(self, instruments: Mapping[int, Instrument]) -> None:
        """Start without knowing anything; instruments by their number."""
        self.differences: list[str] = []
        self.difference_count = 0
        self.foreign_transfers = 0
        self.balances_compared = 0
        self.totals_compared = 0
        self._instruments = instruments
        self._transfers: dict[tuple[int, str], tuple[int, int]] = {}
        self._numbers: dict[int, int] = {}
        # By (account, asset_id): units it must have now, and what was not yet seen in a Balance.
        self._known: dict[tuple[int, int], int] = {}
        self._owed: defaultdict[tuple[int, int], int] = defaultdict(int)
        # By (shard, asset_id): how much more the accounts, and the fees, must be than at first.
        self._money: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._fees: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._first: dict[tuple[int, int], tuple[int, int]] = {}
        self._foreign_account: dict[int, int] = {}

    def expect(self, account: int, command_id: str, asset_id: int, units: int) -> None:
        """Announce a transfer of our own, before it is sent."""
        self._transfers[account, command_id] = (asset_id, units)

    def take(self, events: Sequence[RawEvent]) -> None:
        """Take events, those of a shard in order."""
        for raw in events:
            shard, number, _, event = raw
            last = self._numbers.get(shard)
            if last is not None and number != last + 1:
                self._differ(f"shard {shard}: events {last + 1} to {number - 1} never came")
            self._numbers[shard] = number
            foreign = self._foreign_account.pop(shard, 0)
            if isinstance(event, Balance):
                self._balance(event, foreign=foreign == event.account)
            elif isinstance(event, Filled):
                self._filled(shard, event)
            elif isinstance(event, Accepted):
                self._accepted(shard, event)
            elif isinstance(event, Total):
                self._total(shard, event)

    def _accepted(self, shard: int, event: Accepted) -> None:
        if event.order_id or event.repeated:
            return
        transfer = self._transfers.pop((event.account, event.command_id), None)
        if transfer is None:
            # Somebody's transfer, if a Balance follows; else a cancel-all.
            self._foreign_account[shard] = event.account
            return
        asset_id, units = transfer
        self._move(shard, event.account, asset_id, units)

    def _filled(self, shard: int, event: Filled) -> None:
        rules = self._instruments[event.instrument_id]
        base = event.size * rules.lot
        quote = event.price * event.size * rules.notional_unit
        if event.side is Side.BUY:
            quote = -quote
        else:
            base = -base
        self._move(shard, event.account, rules.base_asset_id, base)
        self._move(shard, event.account, rules.quote_asset_id, quote - event.fee)
        self._fees[shard, rules.quote_asset_id] += event.fee

    def _move(self, shard: int, account: int, asset_id: int, units: int) -> None:
        self._money[shard, asset_id] += units
        self._owed[account, asset_id] += units

    def _balance(self, event: Balance, *, foreign: bool) -> None:
        key = (event.account, event.asset_id)
        owed = self._owed.pop(key, 0)
        have = event.available + event.held
        # What an account had before the first sight of it is what it has without what we saw.
        before = self._known.get(key, max(0, have - owed))
        self._known[key] = have
        if foreign:
            self.foreign_transfers += 1
        elif have != before + owed:
            self._differ(
                f"account {event.account}, asset {event.asset_id}: has {have} units, and must have"
                f" {before + owed}"
            )
        self.balances_compared += 1

    def _total(self, shard: int, event: Total) -> None:
        key = (shard, event.asset_id)
        money, fees = event.available + event.held, event.fees
        if key not in self._first:
            self._first[key] = (money - self._money[key], fees - self._fees[key])
            return
        first_money, first_fees = self._first[key]
        for what, have, want in (
            ("accounts have", money, first_money + self._money[key]),
            ("fees are", fees, first_fees + self._fees[key]),
        ):
            if have != want and not self.foreign_transfers:
                self._differ(
                    f"shard {shard}, asset {event.asset_id}: {what} {have} units, and must be"
                    f" {want} by the transfers and fills on the stream"
                )
        self.totals_compared += 1

    def close(self) -> None:
        """Look for fills and transfers whose money never showed in a balance."""
        for (account, asset_id), units in self._owed.items():
            if units:
                self._differ(
                    f"account {account}, asset {asset_id}: {units} units never showed in a balance"
                )
        self._owed.clear()

    def _differ(self, text: str) -> None:
        self.difference_count += 1
        if len(self.differences) < _SHOWN_MAX:
            self.differences.append(text)
