"""Free TCP ports on 127.0.0.1."""

import errno
import socket

from partita.deploy.errors import PortInUse

HOST = "127.0.0.1"  # never wider: the embedded server knows no passwords


def claim(port: int) -> None:
    """Raise PortInUse unless a server could listen on `port` now."""
    try:
        _listen(port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "another program listens on it" if taken else str(error.strerror)
        raise PortInUse(port, reason) from error


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` now."""
    try:
        _listen(port)
    except OSError:
        return False
    return True


def choose(preferred: int | None, *, other_than: int | None = None) -> int:
    """Return `preferred` if it is free, else a free port of the system's choice."""
    if preferred is not None and preferred != other_than and is_free(preferred):
        return preferred
    while (port := _listen(0)) == other_than:
        pass
    return port


def _listen(port: int) -> int:
    with socket.socket() as server:
        # As Java does, so that connections of a former run that linger are no obstacle.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen(1)  # with SO_REUSEADDR only this finds a second listener
        return int(server.getsockname()[1])
