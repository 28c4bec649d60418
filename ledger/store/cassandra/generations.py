"""Generations: emptying a store makes new tables, and then says that they are the ones.

Every generation has tables of its own, named after it, and the row of table `store` names the one
that counts. A writer of an older one writes into tables that nobody reads, until they are gone and
it is refused. TRUNCATE would not do: it could take what the next generation has written already.

No two generations have one name (a number and eight random digits). The row is stamped with the
number, and where two are begun at once Cassandra keeps the greater name, for everybody: whoever has
lost is told StoreReplaced. No clock and no lightweight transaction is needed.
"""

import re
import secrets
from contextlib import suppress
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from partita.ledger.store.cassandra.address import Address
from partita.ledger.store.cassandra.session import Session, TableGone
from partita.ledger.store.cassandra.tables import NAMES, Place, create_all
from partita.ledger.store.errors import StoreDamaged, StoreVersion
from partita.ledger.store.port import SCHEMA_VERSION

_ATTEMPTS = 5
_GENERATION = re.compile(r"(\d{10})_[0-9a-f]{8}")


class Current(NamedTuple):
    """What the store says of itself."""

    generation: str
    version: int

    @property
    def number(self) -> int:
        """How many generations there have been."""
        return int(self.generation.partition("_")[0])


class Generations:
    """The generations of the store in one keyspace."""

    def __init__(self, session: Session, address: Address) -> None:
        self._session = session
        self._address = address
        self._keyspace = address.keyspace

    def make_place(self) -> None:
        """Make keyspace and table `store` where there are none; both more than once and at once."""
        # The id is given, because two nodes that make one table at once give it two.
        table_id = uuid5(NAMESPACE_URL, f"partita/{self._keyspace}/store")
        if not self.has_place():
            self._session.run(
                f"CREATE KEYSPACE IF NOT EXISTS {self._keyspace}"
                f" WITH replication = {self._address.replication()}"
            )
            self._session.run(
                f"CREATE TABLE IF NOT EXISTS {self._keyspace}.store"
                " (one int PRIMARY KEY, generation text, version int)"
                f" WITH ID = {table_id}"
            )

    def has_place(self) -> bool:
        """Say whether there is a table `store`."""
        return "store" in self._tables()

    def current(self) -> Current | None:
        """Return what counts now; None before the first. Raises TableGone."""
        query = f"SELECT generation, version FROM {self._keyspace}.store WHERE one = 1"  # noqa: S608 - our own words
        found = self._session.ask(query)
        if not found:
            return None
        return Current(found[0].generation, found[0].version)

    def take(self) -> str | None:
        """Return the generation that counts, whole and of our version; None where there is none.

        Raises StoreVersion, StoreDamaged.
        """
        found = self.current()
        if found is None:
            return None
        place = self._session.place
        if found.version != SCHEMA_VERSION:
            raise StoreVersion(place, found.version, SCHEMA_VERSION)
        missing = {f"{name}_{found.generation}" for name in NAMES} - self._tables()
        if missing:
            raise StoreDamaged(place, f"table {min(missing)} is missing")
        return found.generation

    def begin(self) -> str:
        """Make a new generation the one that counts, remove older ones, and return it.

        Raises StoreDamaged.
        """
        for _ in range(_ATTEMPTS):
            found = self.current()
            number = 1 if found is None else found.number + 1
            generation = f"{number:010}_{secrets.token_hex(4)}"
            self._session.define(create_all(Place(self._keyspace, generation)))
            self._session.run(
                f"INSERT INTO {self._keyspace}.store (one, generation, version)"  # noqa: S608 - our own words
                f" VALUES (1, '{generation}', {SCHEMA_VERSION}) USING TIMESTAMP {number}"
            )
            now = self.current()
            self._drop_below(now.generation if now else generation)
            if now is not None and now.generation == generation:
                return generation
        raise StoreDamaged(self._session.place, "others keep beginning it anew at the same time")

    def _drop_below(self, generation: str) -> None:
        """Drop the tables of older generations: they can never count again."""
        for table in sorted(self._tables()):
            name, _, rest = table.rpartition("_")
            name, _, number = name.rpartition("_")
            its = f"{number}_{rest}"
            if name in NAMES and _GENERATION.fullmatch(its) and its < generation:
                # Another one may have dropped it.
                with suppress(TableGone):
                    self._session.define([f"DROP TABLE IF EXISTS {self._keyspace}.{table}"])

    def _tables(self) -> set[str]:
        query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = "
        return {row.table_name for row in self._session.run(f"{query}'{self._keyspace}'")}
