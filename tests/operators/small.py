"""Small exchanges of a test's own, and what an operator's tests do to them."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import COLUMNS
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing

PATIENCE_S = 45.0
VALUES = "0.01,0.0001,0.001,1000,100000,0.001,0.002,8,10"  # of each instrument, behind its symbol
# The marker, a fingerprint that no schema has, and a body.
UNKNOWN = b"\xc3\x01" + bytes.fromhex("0123456789abcdef") + b"of a schema to come"
UNKNOWN_SHA256 = hashlib.sha256(UNKNOWN).hexdigest()


@contextmanager
def small_exchange(
    folder: Path,
    *symbols: str,
    lines: int = 1,
    bootstrap: str | None = None,
    said: list[str] | None = None,
) -> Iterator[Exchange]:
    """Run an exchange of one shard, with a partition for each symbol, and look after it.

    It is on a Kafka of its own if not on the one at `bootstrap`. What it says while it starts is
    added to `said`.
    """
    file = folder / "instruments.csv"
    file.write_text("\n".join([",".join(COLUMNS), *(f"{s},{VALUES}" for s in symbols)]) + "\n")
    plan = Plan(folder, file, bootstrap, shards=1, partitions=len(symbols), lines=lines)
    with Exchange(plan) as exchange:
        exchange.start(said.append if said is not None else lambda _: None)
        stop = threading.Event()
        thread = threading.Thread(target=_look_after, args=(exchange, stop))
        thread.start()
        try:
            yield exchange
        finally:
            stop.set()
            thread.join()


def _look_after(exchange: Exchange, stop: threading.Event) -> None:
    while not stop.wait(0.05):
        exchange.look_after(lambda _: None)


def pid_of(exchange: Exchange, name: str) -> int:
    """Return the process of a worker that this exchange has started."""
    (pid,) = (state.pid for state in exchange.states() if state.name == name)
    assert pid is not None, f"{name} runs"
    return pid


def end_of(bootstrap: str, topic: str, partition: int) -> int:
    """Return the offset that the next record of a partition gets."""
    reader = Reader(bootstrap, topic)
    try:
        return reader.ends([partition])[partition]
    finally:
        reader.close()


def write(bootstrap: str, topic: str, partition: int, value: bytes) -> int:
    """Write a record where nobody else writes at the moment; return its offset."""
    offset = end_of(bootstrap, topic, partition)
    sender = Sender(bootstrap)
    sender.send(Outgoing(topic, partition, None, value))
    sender.flush(PATIENCE_S)
    return offset


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.1)
