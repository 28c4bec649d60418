"""The engine that a test runs on, as the fixtures `book_engine` and `shard_engine` choose."""

from collections.abc import Iterator
from contextlib import contextmanager

from partita.ledger.abc import Shard
from partita.ledger.engines import ENGINES as SHARDS
from partita.matchers.abc import Book
from partita.matchers.engines import ENGINES as BOOKS
from partita.schemas.instrument import Instrument

_chosen = {"book": "reference", "shard": "reference"}


def new_book(rules: Instrument) -> Book:
    """Return an empty book of the engine under test."""
    return BOOKS[_chosen["book"]].book(rules)


def new_shard(shard: int, shards: int) -> Shard:
    """Return an empty shard of the engine under test."""
    return SHARDS[_chosen["shard"]].shard(shard, shards)


@contextmanager
def under_test(kind: str, engine: str) -> Iterator[None]:
    """Let books or shards be of an engine, here."""
    before, _chosen[kind] = _chosen[kind], engine
    yield
    _chosen[kind] = before
