"""Whether there is a Docker engine for the suites that use containers."""

import gc
import os
import warnings
from functools import cache
from pathlib import Path

import docker
import pytest

SOCKET = Path("/var/run/docker.sock")


@cache
def _refusal() -> str:
    """Return why there is none; empty: there is one."""
    if "DOCKER_HOST" not in os.environ and not SOCKET.exists():
        return f"there is no {SOCKET}, and DOCKER_HOST is not set"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # where it fails it forgets its socket
        try:
            docker.from_env().ping()
        except (docker.errors.DockerException, OSError) as error:
            return str(error) or type(error).__name__
        finally:
            gc.collect()
    return ""


def docker_or_skip() -> None:
    """Skip the test where no Docker engine answers, with what was tried."""
    if why := _refusal():
        pytest.skip(f"no Docker engine answers: {why}")
