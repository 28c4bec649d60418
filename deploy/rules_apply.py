"""What an operator asks for, as changes of rules: new instruments, other rules for those listed."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from partita.deploy.listing import claim
from partita.deploy.rules_change import (
    ChangeOvertaken,
    ChangeUnanswered,
    RulesChange,
    Settled,
)
from partita.schemas.errors import InvalidValue, PartitaError
from partita.schemas.instrument import Instrument

# (partitions, listed by symbol) -> those that are to be listed and are not
Make = Callable[[int, Mapping[str, Instrument]], list[Instrument]]


class Applied(NamedTuple):
    """What came of it."""

    in_force: tuple[Instrument, ...]  # the rules of the symbols asked for, where they are known
    changed: frozenset[str]  # the symbols that this has changed
    unchecked: tuple[str, ...]  # nothing to change by what clients are told; books were not asked
    errors: tuple[PartitaError, ...]  # where it had no effect, or is not known to


def change_rules(
    bootstrap: str,
    symbols: Sequence[str] | None,
    alter: Callable[[Instrument], Instrument],
    wait_s: float,
) -> Applied:
    """Change the rules of some symbols, or of all.

    `alter` returns the next version of what it is given, or the same for nothing to change.

    Raises:
        InvalidValue: a symbol is not listed, or a value breaks a rule; nothing was written.
        LogError: the exchange cannot be reached; DeliveryFailed: do it again.
    """
    with RulesChange(bootstrap) as change:
        asked = list(dict.fromkeys(change.listed if symbols is None else symbols))
        for symbol in asked:
            if symbol not in change.listed:
                raise InvalidValue("symbol", symbol, "is not listed; see `partita instruments`")
        new = {symbol: alter(change.listed[symbol]) for symbol in asked}
        same = [symbol for symbol in asked if new[symbol] == change.listed[symbol]]
        # A halt of the venue does not wait for the symbols that have nothing to change.
        change.write(new[symbol] for symbol in asked if symbol not in same)
        past = change.look_back(same, time.monotonic() + wait_s)
        altered = [alter(change.listed[symbol]) for symbol in same]
        change.write(rules for rules in altered if rules != change.listed[rules.symbol])
        return _settled(change, asked, () if past.whole else same, wait_s)


def add_instruments(bootstrap: str, symbols: Sequence[str], make: Make, wait_s: float) -> Applied:
    """List instruments; `make` gives them their numbers, or says that they are listed.

    Raises:
        InvalidValue: a value breaks a rule; nothing was written.
        ListedAtOnce: others list at the same time, again and again.
        LogError: the exchange cannot be reached; DeliveryFailed: do it again.
    """
    with RulesChange(bootstrap) as change:
        before = set(change.listed)
        claim(bootstrap, change.sender, lambda listed: make(change.partitions, listed))
        change.read()
        listed = change.listed
        change.write(listed[symbol] for symbol in symbols if symbol not in before)
        # A first version that its book has never announced was interrupted before it got there.
        first = [s for s in symbols if s in before and listed[s].version == 1]
        past = change.look_back(first, time.monotonic() + wait_s)
        if past.whole:
            change.write(listed[symbol] for symbol in first if symbol not in past.newest)
        return _settled(change, symbols, () if past.whole else first, wait_s)


def _settled(
    change: RulesChange, asked: Iterable[str], unchecked: Collection[str], wait_s: float
) -> Applied:
    settled = change.settle(wait_s)
    change.tell([*settled.taken, *settled.overtaken])
    unknown = _symbols(settled.unanswered)
    return Applied(
        tuple(change.listed[symbol] for symbol in asked if symbol not in unknown),
        frozenset(_symbols(settled.taken)),
        tuple(unchecked),
        tuple(_errors(settled, wait_s)),
    )


def _errors(settled: Settled, wait_s: float) -> Iterable[PartitaError]:
    if settled.overtaken:
        yield ChangeOvertaken(settled.overtaken)
    if settled.unheard:
        yield ChangeUnanswered(
            f"{_names(settled.unheard)}: the book has taken it, but within {wait_s:g} s not every"
            " ledger shard was sent it; orders may be judged by the old rules for a while"
        )
    if settled.unanswered:
        yield ChangeUnanswered(
            f"{_names(settled.unanswered)}: the book has not answered within {wait_s:g} s. The"
            " change is on the log and takes effect when a matcher reads it, unless another comes"
            " first. Look whether `partita matcher` runs, then do it again: it takes effect once"
        )


def _names(instruments: Iterable[Instrument]) -> str:
    return ", ".join(_symbols(instruments))


def _symbols(instruments: Iterable[Instrument]) -> list[str]:
    return [rules.symbol for rules in instruments]
