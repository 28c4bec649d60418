"""The engines that shards can run on, by name: a shard alone, and the worker core around shards."""

from collections.abc import Mapping
from typing import NamedTuple

from partita.ledger.partition import NewShard, ledger_core
from partita.ledger.reference import ReferenceShard
from partita.log import native
from partita.log.engines import NewCore, chosen


class Engine(NamedTuple):
    """One engine."""

    shard: NewShard
    core: NewCore


def _engines() -> dict[str, Engine]:
    reference = Engine(
        ReferenceShard, lambda shards, line: ledger_core(shards, line, ReferenceShard)
    )
    if not native.INSTALLED:
        return {"reference": reference}
    from partita.ledger.native import NativeShard  # noqa: PLC0415 - only where it is installed

    return {
        native.NAME: Engine(NativeShard, native.NativeCore.ledger),
        "reference": reference,
    }


ENGINES: Mapping[str, Engine] = _engines()  # the first is the default


def engine(name: str | None = None) -> NewShard:
    """Return what makes an empty shard, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name).shard


def core(name: str | None = None) -> NewCore:
    """Return what makes the worker core of a ledger, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name).core
