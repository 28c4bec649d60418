"""The money of one shard as it must be: available and held per account, and the shard's sums.

Written from design.md section 5, not from the ledger: balances are moved by what was accepted,
filled and released, and none may ever be negative.
"""

from collections import Counter
from collections.abc import Iterator

from histories.violation import violate

from partita.schemas.accounts import Balance, Total


class Purse:
    """One account's balance of one asset, in units."""

    __slots__ = ("available", "held")

    def __init__(self) -> None:
        self.available = 0
        self.held = 0


class Sums:
    """The shard's sums of one asset, in units; what is left of their total is in clearing."""

    __slots__ = ("available", "external", "fees", "held")

    def __init__(self) -> None:
        self.available = self.held = self.fees = self.external = 0

    @property
    def clearing(self) -> int:
        """What fills have taken from, or given to, parties in other shards and later events."""
        return -(self.available + self.held + self.fees + self.external)


class Funds:
    """All accounts of a shard."""

    def __init__(self) -> None:
        self.sums: dict[int, Sums] = {}
        self.fees: Counter[tuple[int, int]] = Counter()  # paid, by account and asset
        self._purses: dict[int, dict[int, Purse]] = {}

    def open(self, account: int) -> None:
        """Open an account; nothing if it is open."""
        self._purses.setdefault(account, {})

    def is_open(self, account: int) -> bool:
        """Return whether a transfer has opened the account."""
        return account in self._purses

    def balance(self, account: int, asset_id: int) -> Balance:
        """Return what the owner must be told."""
        purse = self._purses.get(account, {}).get(asset_id)
        if purse is None:
            return Balance(account, asset_id, 0, 0)
        return Balance(account, asset_id, purse.available, purse.held)

    def balances(self, account: int) -> list[Balance]:
        """Return the balances of all assets that an account has or had, by asset."""
        return [self.balance(account, asset_id) for asset_id in sorted(self._purses[account])]

    def all(self) -> Iterator[Balance]:
        """Give every balance."""
        for account, purses in self._purses.items():
            for asset_id in purses:
                yield self.balance(account, asset_id)

    def total(self, account: int, asset_id: int) -> Total:
        """Return what an inquiry of an account must be told of an asset."""
        sums = self.sums.get(asset_id, Sums())
        amounts = (sums.available, sums.held, sums.fees, sums.clearing, sums.external)
        return Total(account, asset_id, *amounts)

    def move(
        self,
        account: int,
        asset_id: int,
        available: int,
        held: int = 0,
        *,
        fee: int = 0,
        external: int = 0,
    ) -> None:
        """Change an open account's balance; what does not add up to zero is in clearing."""
        purse = self._purses[account].get(asset_id)
        if purse is None:
            purse = self._purses[account][asset_id] = Purse()
        purse.available += available
        purse.held += held
        if purse.available < 0 or purse.held < 0:
            violate(f"{self.balance(account, asset_id)} would be negative")
        sums = self.sums.get(asset_id)
        if sums is None:
            sums = self.sums[asset_id] = Sums()
        sums.available += available
        sums.held += held
        sums.fees += fee
        sums.external += external
        if fee:
            self.fees[account, asset_id] += fee
