"""The store in a file: SQLite, embedded."""

from partita.ledger.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
