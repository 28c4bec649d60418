"""The reference shard: written to be read, it is the specification of the ledger."""

from partita.ledger.reference.shard import ReferenceShard

__all__ = ["ReferenceShard"]
