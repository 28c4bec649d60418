"""The store of an exchange as `partita up` brings it: where it is, and the server it needs here."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from partita.deploy.cassandra import EmbeddedCassandra
from partita.deploy.commands.address import STORE_FILE
from partita.deploy.errors import DeployError
from partita.deploy.servers.supervision import SupervisedServer
from partita.ledger.store.choice import check_address
from partita.schemas.errors import InvalidValue

Progress = Callable[[str], None]

SQLITE, CASSANDRA = "sqlite", "cassandra"
_LOOK_EVERY_S = 0.2


class StoreWish(NamedTuple):
    """Which store the operator wants.

    `store` is a kind or an address (partita.ledger.store.choice). With contact points Cassandra is
    a cluster that is there, without any it is started here.
    """

    store: str | None = None
    contact_points: str | None = None
    replication: str | None = None  # of a keyspace that is not there yet
    port: int | None = None  # of the Cassandra started here


class ExchangeStore:
    """The store of one exchange, and the Cassandra that was started for it, if one was.

    Nobody's trading waits for it: a Cassandra that ends by itself is started again in a thread of
    its own, and one that keeps ending is left, with a word of why.
    """

    def __init__(self, data: Path, wish: StoreWish) -> None:
        self._wish = wish
        self.cassandra: EmbeddedCassandra | None = None
        self._sqlite = f"sqlite:{(data / STORE_FILE).absolute()}"
        self._stop = threading.Event()
        self._watch: threading.Thread | None = None
        kind = wish.store or SQLITE
        if kind != CASSANDRA:
            for name, value in wish._asdict().items():
                if name != "store" and value is not None:
                    option = {"replication": "store-replication", "port": "store-port"}
                    named = option.get(name, name.replace("_", "-"))
                    raise InvalidValue(f"--{named}", value, "goes with --store cassandra only")
        elif wish.contact_points is None:
            self.cassandra = EmbeddedCassandra(data / "cassandra", wish.port)
        check_address(self._address("127.0.0.1"))

    @property
    def address(self) -> str:
        """The address of the store; of a Cassandra started here only behind `start`."""
        return self._address(self.cassandra.address if self.cassandra is not None else "")

    def _address(self, here: str) -> str:
        """Return the address, where `here` is that of the Cassandra started here."""
        kind, points, replication, _ = self._wish
        if kind != CASSANDRA:
            return self._sqlite if kind in (None, SQLITE) else str(kind)
        if self.cassandra is not None:  # one copy, for there is one node
            return f"cassandra:{here}?replication={replication or 1}"
        query = f"?replication={replication}" if replication else ""
        return f"cassandra:{points}{query}"

    def start(self, progress: Progress) -> None:
        """Start the Cassandra that is wanted here. Raises DeployError."""
        if self.cassandra is None:
            return
        self.cassandra.start(progress)
        self._stop.clear()
        self._watch = threading.Thread(target=self._look_after, args=(progress,), daemon=True)
        self._watch.start()

    def _look_after(self, progress: Progress) -> None:
        assert self.cassandra is not None, "it was started"
        supervised = SupervisedServer(self.cassandra)
        while not self._stop.wait(_LOOK_EVERY_S):
            try:
                supervised.look_after(progress)
            except DeployError as error:
                progress(f"Cassandra stays down, and trading goes on: {error}")
                return

    def stop(self, progress: Progress) -> None:
        """Stop it; more than once does no harm."""
        self._stop.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        if self.cassandra is not None and self.cassandra.pid is not None:
            progress("stopping Cassandra")
            self.cassandra.stop()
