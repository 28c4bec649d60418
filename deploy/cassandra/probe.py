"""Asks a Cassandra, in its own protocol, whether it is ready for clients.

Version 4 of the native protocol (Cassandra 2.2 to 5.0): STARTUP, then a query for the cluster's
name. So a right answer means that queries work, and that it is *our* node and not a stranger who
took the port meanwhile. No Cassandra client is needed here.
"""

import socket
import struct

from partita.deploy.servers.ports import HOST
from partita.deploy.servers.wire import read_exactly

VERSION, ANSWER = 0x04, 0x84
STARTUP, READY, QUERY, RESULT = 0x01, 0x02, 0x07, 0x08
CONSISTENCY_ONE = 1
MAX_ANSWER_BYTES = 1 << 16  # a name: about 100 bytes
_HEADER = struct.Struct(">BBhBi")  # version, flags, stream, opcode, length


def is_ready(port: int, cluster_id: str, *, timeout_s: float = 2.0) -> bool:
    """Say whether the node of `cluster_id` serves clients on `port`; False for any other answer.

    `timeout_s` bounds each step (connect, each read), not the sum.
    """
    try:
        with socket.create_connection((HOST, port), timeout_s) as connection:
            options = struct.pack(">h", 1) + _string("CQL_VERSION") + _string("3.0.0")
            _ask(connection, STARTUP, options, READY)
            query = b"SELECT cluster_name FROM system.local"
            body = struct.pack(">i", len(query)) + query + struct.pack(">hB", CONSISTENCY_ONE, 0)
            answer = _ask(connection, QUERY, body, RESULT)
    except (OSError, struct.error):
        return False
    # The one value stands last: its length, its bytes.
    name = cluster_id.encode()
    return answer.endswith(struct.pack(">i", len(name)) + name)


def _ask(connection: socket.socket, opcode: int, body: bytes, wanted: int) -> bytes:
    """Send a frame and return the body of the answer. Raises OSError if it is not `wanted`."""
    connection.sendall(_HEADER.pack(VERSION, 0, 0, opcode, len(body)) + body)
    version, _flags, _stream, answered, size = _HEADER.unpack(
        read_exactly(connection, _HEADER.size)
    )
    if version != ANSWER or answered != wanted or not 0 <= size <= MAX_ANSWER_BYTES:
        raise OSError(f"not ready: version {version}, opcode {answered}, {size} bytes")
    return read_exactly(connection, size)


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
