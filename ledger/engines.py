"""The engines that shards can run on, by name."""

from collections.abc import Callable, Mapping

from partita.ledger.abc import Shard
from partita.ledger.reference import ReferenceShard
from partita.log.engines import chosen

EngineFactory = Callable[[int, int], Shard]  # (shard, shards) -> an empty shard

ENGINES: Mapping[str, EngineFactory] = {"reference": ReferenceShard}


def engine(name: str | None = None) -> EngineFactory:
    """Return what makes an empty shard, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name)
