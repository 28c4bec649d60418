"""The store on a Cassandra cluster."""

from partita.ledger.store.cassandra.address import Address, parse
from partita.ledger.store.cassandra.store import CassandraStore

__all__ = ["Address", "CassandraStore", "parse"]
