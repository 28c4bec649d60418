"""A real Cassandra on this machine, without Docker."""

from partita.deploy.cassandra.embedded import EmbeddedCassandra

__all__ = ["EmbeddedCassandra"]
