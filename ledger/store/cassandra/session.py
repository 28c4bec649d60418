"""The cluster's driver: connected, asked many things at once, its failures in the port's words.

Every statement here can be said twice: rows are stamped, so a write whose answer was lost is simply
written again. So all failures that may pass are tried again a few times, and only then told.

The driver's event loop is its libev extension, which its wheels have (3.11 to 3.13 on Linux). Where
it is missing, Python 3.11 falls back to asyncore, and 3.12 cannot import the driver at all.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cassandra import (
    ConsistencyLevel,
    CoordinationFailure,
    DriverException,
    InvalidRequest,
    OperationTimedOut,
    ProtocolVersion,
    Timeout,
    Unauthorized,
    Unavailable,
    UnresolvableContactPoints,
)
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
)
from cassandra.concurrent import execute_concurrent
from cassandra.connection import ConnectionException
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    FallthroughRetryPolicy,
    RoundRobinPolicy,
    TokenAwarePolicy,
)
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import (
    ErrorMessageSub,
    IsBootstrappingErrorMessage,
    OverloadedErrorMessage,
    ServerError,
)
from cassandra.query import BatchStatement, BatchType, PreparedStatement

from partita.ledger.store.cassandra.address import Address
from partita.ledger.store.errors import StoreError, StoreUnavailable

# Requests under way at once: enough to keep a cluster busy, few enough for its queues.
CONCURRENCY = 128
REQUEST_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5.0
RECONNECT_S = 0.5  # the driver's own waits grow to ten minutes
# Before each further try; what is still failing then is told, and tried again by the caller.
BACK_OFF_S = (0.02, 0.1, 0.5, 1.0)
FETCH_ROWS = 1_000

Statement = tuple[Any, Sequence[Any] | None]
Wrap = Callable[[Any], Any]

_PASSING = (
    Unavailable,
    Timeout,
    CoordinationFailure,
    OperationTimedOut,
    NoHostAvailable,
    ConnectionException,
    NoConnectionsAvailable,
    OverloadedErrorMessage,
    IsBootstrappingErrorMessage,
    ServerError,
)
_OTHERS = (DriverException, ErrorMessageSub, UnresolvableContactPoints)


class TableGone(StoreUnavailable):
    """A table or keyspace that was asked is not there; where one is being made, not yet."""


def _same(session: Any) -> Any:
    return session


class Session:
    """A connection to a cluster; `wrap` may put something before the driver's session (tests).

    Raises StoreUnavailable where nobody answers, StoreError where it refuses us.
    """

    def __init__(self, address: Address, wrap: Wrap = _same) -> None:
        self.place = f"Cassandra store {address.hosts}/{address.keyspace}"
        self._prepared: dict[str, PreparedStatement] = {}
        nodes = DCAwareRoundRobinPolicy(address.dc) if address.dc else RoundRobinPolicy()
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(nodes),
            retry_policy=FallthroughRetryPolicy(),  # trying again is done here, in one place
            consistency_level=ConsistencyLevel.QUORUM,
            request_timeout=REQUEST_TIMEOUT_S,
        )
        user = os.environ.get("PARTITA_CASSANDRA_USER")
        password = os.environ.get("PARTITA_CASSANDRA_PASSWORD", "")
        self._cluster = Cluster(
            contact_points=list(address.nodes),
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            auth_provider=PlainTextAuthProvider(user, password) if user else None,
            reconnection_policy=ConstantReconnectionPolicy(RECONNECT_S, max_attempts=None),
            connect_timeout=CONNECT_TIMEOUT_S,
            control_connection_timeout=CONNECT_TIMEOUT_S,
            protocol_version=ProtocolVersion.V5,  # Cassandra 4 and newer; no guessing
        )
        try:
            self._session = wrap(self._cluster.connect())
        except BaseException as error:
            self._cluster.shutdown()
            if isinstance(error, (*_PASSING, *_OTHERS)):
                raise self._told(error) from error
            raise

    def close(self) -> None:
        """Disconnect; more than once does no harm."""
        self._cluster.shutdown()

    def prepare(self, query: str) -> PreparedStatement:
        """Return a statement, prepared once. Raises TableGone, StoreUnavailable."""
        if query not in self._prepared:
            prepared = self._retrying(lambda: self._session.prepare(query))
            prepared.is_idempotent = True
            self._prepared[query] = prepared
        return self._prepared[query]

    def forget(self) -> None:
        """Drop what was prepared: its tables are not used any more."""
        self._prepared.clear()

    def run(self, query: str) -> list[Any]:
        """Run one statement as it is, for definitions and small tables, and return its rows."""
        return list(self._retrying(lambda: self._session.execute(query)))

    def define(self, statements: Iterable[str]) -> None:
        """Run definitions of tables in turn; each returns when all nodes agree.

        Raises TableGone, StoreUnavailable.
        """
        # The driver would read all definitions anew after each, which takes longer than they do.
        self._cluster.schema_metadata_enabled = False
        try:
            for statement in statements:
                self.run(statement)
        finally:
            self._cluster.schema_metadata_enabled = True

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Run one prepared statement and return its rows, whatever their number."""
        prepared = self.prepare(query)
        return list(self._retrying(lambda: self._session.execute(prepared, values)))

    def stream(self, query: str) -> Iterator[Any]:
        """Yield the rows of a prepared statement by pages, each asked for when it is needed."""
        prepared = self.prepare(query)
        bound = prepared.bind(())
        bound.fetch_size = FETCH_ROWS
        state: bytes | None = None
        while True:
            page = self._retrying(partial(self._session.execute, bound, paging_state=state))
            yield from page.current_rows
            state = page.paging_state
            if state is None:
                return

    def run_all(self, statements: Iterable[Statement]) -> list[list[Any]]:
        """Run statements in any order, some at once; return the rows of each.

        What fails in a way that may pass is run again, and only that.
        """
        waiting = list(enumerate(statements))
        found: list[list[Any]] = [[] for _ in waiting]
        for back_off_s in (*BACK_OFF_S, None):
            if not waiting:
                break
            results = execute_concurrent(
                self._session,
                [statement for _, statement in waiting],
                concurrency=CONCURRENCY,
                raise_on_first_error=False,
            )
            failed = []
            for (at, statement), (success, result) in zip(waiting, results, strict=True):
                if success:
                    found[at] = list(result)
                elif back_off_s is None or not isinstance(result, _PASSING):
                    raise self._told(result) from result
                else:
                    failed.append((at, statement))
            waiting = failed
            if waiting and back_off_s is not None:
                time.sleep(back_off_s)
        return found

    def _retrying(self, call: Callable[[], Any]) -> Any:
        for back_off_s in BACK_OFF_S:
            try:
                return call()
            except _PASSING:
                time.sleep(back_off_s)
            except _OTHERS as error:
                raise self._told(error) from error
        try:
            return call()
        except (*_PASSING, *_OTHERS) as error:
            raise self._told(error) from error

    def _told(self, error: BaseException) -> BaseException:
        """Return what the driver says in the words of the port."""
        return told(self.place, error)


# What to do about what may pass; the first class that fits counts.
_ADVICE = (
    (NoHostAvailable, "no node answers; start Cassandra, or check the contact points"),
    (Timeout, "no answer in time, and a write may or may not be there; it is safe to try again"),
    (
        OperationTimedOut,
        "no answer in time, and a write may or may not be there; it is safe to try again",
    ),
    (OverloadedErrorMessage, "it is overloaded; try again later"),
    (NoConnectionsAvailable, "all connections are busy; try again later"),
    (Exception, "it failed; try again, and see its own log"),
)


def told(place: str, error: BaseException) -> BaseException:
    """Return what the driver says in the words of the port; what is not the driver's as it is."""
    if isinstance(error, UnresolvableContactPoints):
        return StoreUnavailable(f"{place}: no such host; check the contact points")
    if isinstance(error, Unauthorized):
        return StoreError(f"{place}: {error}; check PARTITA_CASSANDRA_USER and its grants")
    if isinstance(error, InvalidRequest) and _is_gone(str(error)):
        return TableGone(f"{place}: {error.args[0] if error.args else error}")
    if isinstance(error, Unavailable):
        why = (
            f"{error.required_replicas} replicas must be up and {error.alive_replicas} are;"
            " start nodes, or make the keyspace with a smaller replication"
        )
    elif isinstance(error, _PASSING):
        why = next(advice for kind, advice in _ADVICE if isinstance(error, kind))
    else:
        return StoreError(f"{place}: {error}") if isinstance(error, _OTHERS) else error
    return StoreUnavailable(f"{place}: {why} ({type(error).__name__}: {_short(error)})")


def _is_gone(text: str) -> bool:
    return any(words in text for words in ("does not exist", "unconfigured table", "No keyspace"))


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]}..."


def one_partition(statements: Sequence[Any]) -> Any:
    """Return bound statements of one partition as one mutation."""
    if len(statements) == 1:
        return statements[0]
    batch = BatchStatement(batch_type=BatchType.UNLOGGED)
    for statement in statements:
        batch.add(statement)
    batch.is_idempotent = True
    return batch
