"""Cassandras for the suites of stores."""

from collections.abc import Iterator

import pytest
from stores.cassandra import PLACES, contained

from partita.deploy.cassandra import EmbeddedCassandra


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCassandra]:
    """One running Cassandra from jars, of which each test takes a keyspace.

    Made tables are in its commit log only: that makes them five times faster, and a restart would
    not find their rows.
    """
    quick = ["-Dcassandra.test.flush_local_schema_changes=false"]
    folder = tmp_path_factory.mktemp("cassandra") / "data"
    with EmbeddedCassandra(folder, options=quick) as running:
        yield running


@pytest.fixture(scope="session")
def container() -> Iterator[str]:
    """The address of one running Cassandra in a container."""
    with contained() as address:
        yield address


@pytest.fixture(params=PLACES)
def nodes(request: pytest.FixtureRequest) -> str:
    """The address of a running Cassandra, HOST:PORT: from jars, and in a container."""
    if request.param == "container":
        return str(request.getfixturevalue("container"))
    return str(request.getfixturevalue("server").address)
