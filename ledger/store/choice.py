"""Which store: by an address that a command line, a file and a person can carry.

`sqlite:PATH` is a file of one host; `cassandra:HOST[:PORT][,HOST[:PORT]...][/KEYSPACE]` a cluster,
and what may stand behind it is said in partita.ledger.store.cassandra.address.
Cassandra's driver is imported where it is used only: it takes a third of a second.
"""

from pathlib import Path

from partita.ledger.store.cassandra.address import parse
from partita.ledger.store.port import Reader, Retention, Store
from partita.ledger.store.sqlite import SqliteStore
from partita.schemas.errors import InvalidValue

KINDS = ("sqlite", "cassandra")
_DEFAULT_RETENTION = Retention()


def check_address(address: str) -> None:
    """Raise InvalidValue unless there is such a kind of store, without looking for it."""
    kind, _, place = address.partition(":")
    if kind not in KINDS or not place:
        raise _unknown(address)
    if kind == "cassandra":
        parse(place)


def open_store(
    address: str, retention: Retention = _DEFAULT_RETENTION, *, anew: bool = False
) -> Store:
    """Open a store for writing; make it where there is none.

    `anew` removes all that it holds, whatever version or state it is in.

    Raises:
        InvalidValue: there is no such kind of store.
        StoreVersion, StoreDamaged: it must be rebuilt (not with `anew`).
        StoreUnavailable: it does not answer.
    """
    kind, _, place = address.partition(":")
    if kind == "sqlite" and place:
        return SqliteStore.open(Path(place), retention, anew=anew)
    if kind == "cassandra" and place:
        from partita.ledger.store.cassandra.store import CassandraStore  # noqa: PLC0415 - see top

        return CassandraStore.open(parse(place), retention, anew=anew)
    raise _unknown(address)


def open_reader(address: str) -> Reader:
    """Open a store that is there for reading.

    Raises:
        InvalidValue: there is no such kind of store.
        StoreMissing: there is none at that place.
        StoreVersion, StoreDamaged: it must be rebuilt.
        StoreUnavailable: it does not answer.
    """
    kind, _, place = address.partition(":")
    if kind == "sqlite" and place:
        return SqliteStore.open_existing(Path(place))
    if kind == "cassandra" and place:
        from partita.ledger.store.cassandra.store import CassandraStore  # noqa: PLC0415 - see top

        return CassandraStore.open_existing(parse(place))
    raise _unknown(address)


def _unknown(address: str) -> InvalidValue:
    return InvalidValue("store", address, "must be sqlite:PATH or cassandra:HOST,.../KEYSPACE")
