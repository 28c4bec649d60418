"""Where the suites find a Cassandra: from jars, and in a container where there is Docker."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from containers.engine import docker_or_skip

IMAGE = "cassandra:5.0.5"


@contextmanager
def contained() -> Iterator[str]:
    """Run one in a container, and yield its address; skip where no Docker engine answers."""
    docker_or_skip()
    from testcontainers.community.cassandra import CassandraContainer  # noqa: PLC0415 - only with Docker

    with CassandraContainer(IMAGE) as server:
        ((host, port),) = server.get_contact_points()
        yield f"{host}:{port}"


PLACES = [
    pytest.param("embedded", id="jars"),
    pytest.param("container", marks=pytest.mark.container),
]
