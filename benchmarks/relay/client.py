"""The client's end: sends commands in numbered batches, and hears how the orders went."""

import time
from array import array
from collections.abc import Sequence

from benchmarks.relay.kafka import Inbox, Outbox
from benchmarks.relay.receiver import Receiver
from benchmarks.relay.record import Edge, Group, pack
from benchmarks.relay.shape import Kind, Shape, share
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS

# Longer than any stall that is worth measuring.
_SILENCE_S = 30.0
_WAIT_S = 0.1


class Silent(Exception):
    """Orders were not answered."""


class Arrival:
    """Orders of an edge that were heard of at one time."""

    __slots__ = ("count", "first", "partition", "shard", "time_s")

    def __init__(self, time_s: float, group: Group) -> None:
        self.time_s = time_s
        self.shard, self.partition = group.edge.shard, group.edge.partition
        self.first, self.count = group.first, group.count


class RelayClient:
    """Order n goes to shard n mod S, and there in turn to each partition."""

    def __init__(self, bootstrap: str, prefix: str, shape: Shape) -> None:
        self.outbox = Outbox(bootstrap, prefix)
        self._inbox = Inbox(bootstrap, prefix + ACCOUNT_EVENTS, shape.shards)
        self._receiver = Receiver()
        self._shape = shape
        self.sent = 0
        self.settled = 0

    def send(self, orders: int) -> None:
        """Send the next orders: a record for each shard."""
        for shard in range(self._shape.shards):
            first, count = share(self.sent, orders, shard, self._shape.shards)
            if count:
                group = Group(Edge(Kind.COMMAND, shard, 0), first, count)
                self.outbox.send(ACCOUNT_COMMANDS, shard, pack([group]))
        self.sent += orders
        self.outbox.serve()

    def hear(self, timeout_s: float) -> Sequence[Group]:
        """Return what has been settled."""
        news = self._receiver.take(self._inbox.take(timeout_s))
        settled = [group for group in news if group.edge.kind == Kind.SETTLED]
        self.settled += sum(group.count for group in settled)
        return settled

    def run(self, orders: int, window: int, batch: int) -> float:
        """Send orders as fast as the window goes; return the seconds until all are settled.

        batch is the orders of a record.

        Raises:
            Silent: they were not.
        """
        self.hear(_WAIT_S)
        begun_s = heard_s = time.perf_counter()
        until = self.sent + orders
        turn = batch * self._shape.shards
        while self.settled < until:
            while self.sent < until and self.sent - self.settled + turn <= window:
                self.send(min(turn, until - self.sent))
            if self.hear(_WAIT_S):
                heard_s = time.perf_counter()
            elif time.perf_counter() > heard_s + _SILENCE_S:
                raise Silent(f"{until - self.settled} orders were not settled")
            self.outbox.serve()
        return heard_s - begun_s

    def close(self) -> None:
        """Let go of the connections."""
        self.outbox.flush()
        self._inbox.close()


def latencies_s(
    arrivals: Sequence[Arrival], shape: Shape, begun: int, begun_s: float, rate: int
) -> "array[float]":
    """Return the seconds from each order's planned time, for those from number `begun` on."""
    found = array("d")
    for arrival in arrivals:
        for k in range(arrival.first, arrival.first + arrival.count):
            n = (k * shape.partitions + arrival.partition) * shape.shards + arrival.shard
            if n >= begun:
                found.append(arrival.time_s - begun_s - (n - begun) / rate)
    return found
