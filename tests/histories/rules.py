"""Which rules of a symbol a shard may go by: it hears of new ones some time after they are given.

Nothing on the private stream says when. So each shard may go by any version from the oldest that it
has not been seen to have left, to the newest that was given.
"""

from collections.abc import Iterable, Iterator

from partita.schemas.enums import InstrumentStatus
from partita.schemas.instrument import Instrument


class Rules:
    """All versions of all symbols."""

    def __init__(self, known: Iterable[Instrument]) -> None:
        """Begin with the rules that every shard goes by."""
        # None, as the first: the symbol is not listed yet.
        self._versions: dict[int, list[Instrument | None]] = {
            rules.instrument_id: [rules] for rules in known
        }
        self._oldest: dict[tuple[int, int], int] = {}  # by shard and instrument: index

    def give(self, rules: Instrument) -> None:
        """Let the operator give new rules; nothing if they are not newer."""
        versions = self._versions.setdefault(rules.instrument_id, [None])
        newest = versions[-1]
        if newest is None or rules.version > newest.version:
            versions.append(rules)

    def possible(self, shard: int, instrument_id: int) -> list[tuple[int, Instrument | None]]:
        """Return (index, rules) of all versions that a shard may go by, oldest first."""
        versions = self._versions.get(instrument_id, [None])
        oldest = self._oldest.get((shard, instrument_id), 0)
        return list(enumerate(versions))[oldest:]

    def listed(self, shard: int, instrument_id: int) -> list[Instrument]:
        """Return the versions that a shard may go by of a symbol it must have heard of."""
        return [rules for _, rules in self.possible(shard, instrument_id) if rules is not None]

    def seen(self, shard: int, instrument_id: int, index: int) -> None:
        """Note that a shard has left all versions before this index."""
        self._oldest[shard, instrument_id] = index

    def may_be_halted(self, shard: int, instrument_id: int) -> bool:
        """Return whether the book, which is ahead of the shards, may refuse to trade."""
        listed = self.listed(shard, instrument_id)
        return any(rules.status is InstrumentStatus.HALTED for rules in listed)

    def assets(self) -> Iterator[int]:
        """Give the assets of all symbols, with repeats."""
        for versions in self._versions.values():
            rules = versions[-1]
            if rules is not None:
                yield from (rules.base_asset_id, rules.quote_asset_id)

    def may_not_know(self, shard: int, asset_id: int) -> bool:
        """Return whether a shard may not have heard of any symbol with this asset."""
        return all(
            self.possible(shard, instrument_id)[0][1] is None
            for instrument_id, versions in self._versions.items()
            if (rules := versions[-1]) is not None
            and asset_id in (rules.base_asset_id, rules.quote_asset_id)
        )
