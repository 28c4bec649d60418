"""Whether there is a Docker engine for the suites that use containers."""

from functools import cache

import docker
import pytest


@cache
def _refusal() -> str:
    """Return why there is none; empty: there is one."""
    try:
        client = docker.from_env()
        try:
            client.ping()
        finally:
            client.close()
    except (docker.errors.DockerException, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def docker_or_skip() -> None:
    """Skip the test where no Docker engine answers, with what was tried."""
    if why := _refusal():
        pytest.skip(f"no Docker engine answers: {why}")
