"""Double entry: postings sum to zero in each asset; nothing held or available is negative.

The accounts of the books: available and held of every client account, and the shard's own fees,
clearing (one per symbol) and external, per asset. The sums over them are kept along the way, so
that the shard's totals cost nothing to tell.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from partita.ledger.state import AccountFunds, AssetFunds, ClearingFunds
from partita.schemas.limits import BALANCE_MAX


class Line(NamedTuple):
    """What one posting changes in one asset, in units; it must sum to zero."""

    asset_id: int
    available: int = 0
    held: int = 0
    fees: int = 0
    clearing: int = 0
    external: int = 0


class Funds:
    """A client account's balance of one asset, in units."""

    __slots__ = ("available", "held")

    def __init__(self, available: int = 0, held: int = 0) -> None:
        self.available = available
        self.held = held


class Sums:
    """The shard's sums of one asset, in units."""

    __slots__ = ("available", "clearing", "external", "fees", "held")

    def __init__(self) -> None:
        self.available = self.held = self.fees = self.clearing = self.external = 0


class Journal:
    """All money of a shard."""

    __slots__ = ("_accounts", "_clearing", "_sums")

    def __init__(self) -> None:
        self._accounts: dict[int, dict[int, Funds]] = {}
        self._sums: dict[int, Sums] = {}
        self._clearing: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def open_asset(self, asset_id: int) -> None:
        """Make an asset known; nothing if it is."""
        self._sums.setdefault(asset_id, Sums())

    def has_asset(self, asset_id: int) -> bool:
        """Return whether the asset is known."""
        return asset_id in self._sums

    def open_account(self, account: int) -> None:
        """Make a client account known; nothing if it is."""
        self._accounts.setdefault(account, {})

    def has_account(self, account: int) -> bool:
        """Return whether the account is open."""
        return account in self._accounts

    def funds(self, account: int, asset_id: int) -> Funds:
        """Return an open account's balance of an asset, zeros when it has none. Read only."""
        return self._accounts[account].get(asset_id) or Funds()

    def assets_of(self, account: int) -> list[int]:
        """Return the assets that an open account has or had, ascending."""
        return sorted(self._accounts[account])

    def sums(self) -> Iterator[tuple[int, Sums]]:
        """Give each known asset and its sums, by asset."""
        return iter(sorted(self._sums.items()))

    def post(self, account: int, instrument_id: int, *lines: Line) -> None:
        """Make one entry: a client account against the shard's own, and the symbol's clearing."""
        balances = self._accounts[account]
        for asset_id, available, held, fees, clearing, external in lines:
            assert available + held + fees + clearing + external == 0, "an entry sums to zero"
            funds = balances.get(asset_id)
            if funds is None:
                funds = balances[asset_id] = Funds()
            funds.available += available
            funds.held += held
            assert funds.available >= 0, "no available amount is negative"
            assert funds.held >= 0, "no held amount is negative"
            sums = self._sums[asset_id]
            sums.available += available
            sums.held += held
            sums.fees += fees
            sums.clearing += clearing
            sums.external += external
            if clearing:
                symbol = (instrument_id, asset_id)
                self._clearing[symbol] = self._clearing.get(symbol, 0) + clearing

    def account_funds(self) -> tuple[AccountFunds, ...]:
        """Return all client balances, by account and asset."""
        return tuple(
            AccountFunds(account, asset_id, funds.available, funds.held)
            for account, balances in sorted(self._accounts.items())
            for asset_id, funds in sorted(balances.items())
        )

    def asset_funds(self) -> tuple[AssetFunds, ...]:
        """Return fees and external of every known asset, by asset."""
        return tuple(
            AssetFunds(asset_id, sums.fees, sums.external) for asset_id, sums in self.sums()
        )

    def clearing_funds(self) -> tuple[ClearingFunds, ...]:
        """Return the clearing accounts that are not zero, by symbol and asset."""
        return tuple(
            ClearingFunds(*symbol, amount)
            for symbol, amount in sorted(self._clearing.items())
            if amount
        )

    @classmethod
    def restored(
        cls,
        accounts: Iterable[AccountFunds],
        assets: Iterable[AssetFunds],
        clearing: Iterable[ClearingFunds],
    ) -> "Journal":
        """Return the journal with these balances."""
        journal = cls()
        for asset in assets:
            journal.open_asset(asset.asset_id)
            sums = journal._sums[asset.asset_id]
            sums.fees, sums.external = asset.fees, asset.external
        for row in accounts:
            journal.open_account(row.account)
            journal._accounts[row.account][row.asset_id] = Funds(row.available, row.held)
            journal._sums[row.asset_id].available += row.available
            journal._sums[row.asset_id].held += row.held
        for symbol in clearing:
            journal._clearing[symbol.instrument_id, symbol.asset_id] = symbol.amount
            journal._sums[symbol.asset_id].clearing += symbol.amount
        return journal

    def check(self) -> None:
        """Assert that the sums are right, each asset sums to zero, and nothing is negative."""
        for row in self.account_funds():
            assert 0 <= row.available <= BALANCE_MAX, f"available is within bounds: {row}"
            assert 0 <= row.held <= BALANCE_MAX, f"held is within bounds: {row}"
        anew = Journal.restored(self.account_funds(), self.asset_funds(), self.clearing_funds())
        for (asset_id, kept), (_, sums) in zip(self.sums(), anew.sums(), strict=True):
            assert kept.available == sums.available, f"available of asset {asset_id} adds up"
            assert kept.held == sums.held, f"held of asset {asset_id} adds up"
            assert kept.clearing == sums.clearing, f"clearing of asset {asset_id} adds up"
            assert kept.fees >= 0, f"fees of asset {asset_id} are not negative"
            total = kept.available + kept.held + kept.fees + kept.clearing + kept.external
            assert total == 0, f"asset {asset_id} sums to zero"
