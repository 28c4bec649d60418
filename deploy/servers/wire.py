"""Reading from a socket."""

import socket


def read_exactly(connection: socket.socket, size: int) -> bytes:
    """Return the next `size` bytes. Raises OSError, also if it closes before."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionError("closed in the middle of an answer")
        data += chunk
    return data
