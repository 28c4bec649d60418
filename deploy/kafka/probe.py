"""Asks a broker, in Kafka's own protocol, whether it is ready for clients.

One Metadata request, version 2 (Kafka 0.10 to 4.x), without a topic. A KRaft broker opens its port
to clients only once the controller has unfenced it, and its answer names cluster, brokers and
controller: so a right answer means that producers, consumers and topic creation work, and that it
is *our* broker and not a stranger who took the port meanwhile. No Kafka client is needed here.
"""

import socket
import struct

from partita.deploy.servers.ports import HOST
from partita.deploy.servers.wire import read_exactly

METADATA, VERSION, CORRELATION = 3, 2, 1
MAX_ANSWER_BYTES = 1 << 16  # one broker, no topics: about 60 bytes


def is_ready(port: int, cluster_id: str, *, timeout_s: float = 1.0) -> bool:
    """Say whether the broker of `cluster_id` serves clients on `port`; False for any other answer.

    `timeout_s` bounds each step (connect, each read), not the sum.
    """
    try:
        answer = _ask(port, timeout_s)
        return _serves(answer, port, cluster_id)
    except (OSError, struct.error, UnicodeDecodeError):
        return False


def _ask(port: int, timeout_s: float) -> bytes:
    client, no_topics = -1, 0  # a null client id; an empty list of topics
    request = struct.pack(">hhihi", METADATA, VERSION, CORRELATION, client, no_topics)
    with socket.create_connection((HOST, port), timeout_s) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", read_exactly(connection, 4))
        if not 0 < size <= MAX_ANSWER_BYTES:
            raise OSError(f"not Kafka: an answer of {size} bytes")
        return read_exactly(connection, size)


def _serves(answer: bytes, port: int, cluster_id: str) -> bool:
    correlation, brokers = struct.unpack_from(">ii", answer)
    at = 8
    ports = set()
    for _ in range(brokers):
        _host, at = _string(answer, at + 4)
        ports.add(struct.unpack_from(">i", answer, at)[0])
        _rack, at = _string(answer, at + 4)
    cluster, at = _string(answer, at)
    (controller,) = struct.unpack_from(">i", answer, at)
    return bool(
        correlation == CORRELATION and port in ports and cluster == cluster_id and controller >= 0
    )


def _string(data: bytes, at: int) -> tuple[str | None, int]:
    """Return the nullable string that starts at `at`, and where it ends."""
    (size,) = struct.unpack_from(">h", data, at)
    if size < 0:
        return None, at + 2
    return data[at + 2 : at + 2 + size].decode(), at + 2 + size
