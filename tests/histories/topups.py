"""What pending amends have brought: known by amount, and by who it may have been.

When a shard takes an amend, the private stream shows no more than a balance with something held
that was available. Which of several amends brought it is only known when the book has answered
them. Until then each amount is a token, with the amends that may have brought it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Key = tuple[int, str]  # account, command_id


class Token:
    """Something held for one of some amends."""

    __slots__ = ("amount", "candidates")

    def __init__(self, amount: int, candidates: dict[Key, int]) -> None:
        self.amount = amount  # units
        self.candidates = candidates  # the amends that may have brought it, and their orders


class _Pool:
    """The tokens of one account in one asset."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.settled: dict[Key, int] = {}  # answered, and what it had brought, not yet told apart

    def fits(self) -> bool:
        """Return whether each token can have its own amend, and each answered amend its token.

        By a theorem of Mendelsohn and Dulmage the two may be asked one after the other.
        """
        amends: dict[Key, list[int]] = {}
        for at, token in enumerate(self.tokens):
            for key in token.candidates:
                amends.setdefault(key, []).append(at)
        all_tokens = _can_match({at: list(t.candidates) for at, t in enumerate(self.tokens)})
        return all_tokens and _can_match({key: amends.get(key, []) for key in self.settled})

    def tell_apart(self) -> None:
        """Drop the tokens whose amend is known and answered."""
        found = True
        while found:
            found = False
            for key in list(self.settled):
                mine = [token for token in self.tokens if key in token.candidates]
                # Tokens of equal amount and candidates are alike: either will do.
                alike = all(token.candidates == mine[0].candidates for token in mine)
                alone = [token for token in mine if len(token.candidates) == 1]
                if mine and (alike or alone):
                    self.tokens.remove(alone[0] if alone else mine[0])
                    del self.settled[key]
                    for token in self.tokens:
                        token.candidates.pop(key, None)
                    found = True


def _can_match(choices: Mapping[Any, Sequence[Any]]) -> bool:
    """Return whether all can be given one of their choices each, none to two (Kuhn)."""
    given: dict[object, object] = {}

    def give(who: object, tried: set[object]) -> bool:
        for choice in choices[who]:
            if choice not in tried:
                tried.add(choice)
                if choice not in given or give(given[choice], tried):
                    given[choice] = who
                    return True
        return False

    return all(give(who, set()) for who in choices)


class TopUps:
    """The tokens of a shard."""

    def __init__(self) -> None:
        self._pools: dict[tuple[int, int], _Pool] = {}  # by account and asset

    def brought(self, account: int, asset_id: int, amount: int, candidates: dict[Key, int]) -> bool:
        """Note a token; return whether one of these amends (with their orders) can have it."""
        pool = self._pools.setdefault((account, asset_id), _Pool())
        pool.tokens.append(Token(amount, candidates))
        return pool.fits()

    def amounts(self, account: int, asset_id: int, key: Key) -> set[int]:
        """Return what an amend may have brought, units; 0 is always among it."""
        pool = self._pools.get((account, asset_id))
        tokens = () if pool is None else pool.tokens
        return {0} | {token.amount for token in tokens if key in token.candidates}

    def answered(self, account: int, asset_id: int, key: Key, amount: int) -> bool:
        """Note that an amend is answered and what it had brought; return whether it can have."""
        pool = self._pools.get((account, asset_id))
        if pool is None:
            return amount == 0
        for token in pool.tokens:
            if token.amount != amount:
                token.candidates.pop(key, None)
        if amount:
            pool.settled[key] = amount
        if not pool.fits():
            return False
        pool.tell_apart()
        if not pool.tokens and not pool.settled:
            del self._pools[account, asset_id]
        return True

    def of_order(self, account: int, asset_id: int, order_id: int) -> tuple[int, int]:
        """Return the least and the most that is held for amends of an order, units."""
        pool = self._pools.get((account, asset_id))
        if pool is None:
            return 0, 0
        least = most = 0
        for token in pool.tokens:
            orders = set(token.candidates.values())
            least += token.amount if orders == {order_id} else 0
            most += token.amount if order_id in orders else 0
        # Some of it is answered, and only not told apart yet.
        return max(0, least - sum(pool.settled.values())), most

    def held(self) -> dict[tuple[int, int], int]:
        """Return all that is held for amends, units by account and asset."""
        return {
            where: sum(token.amount for token in pool.tokens) - sum(pool.settled.values())
            for where, pool in self._pools.items()
        }
