"""A ledger or a matcher that does nothing but pass on: a process of its own.

    python -m benchmarks.relay.hop ledger|matcher BOOTSTRAP PREFIX SHARDS PARTITIONS

It says `ready` once it reads, ends when its standard input does, and then tells as JSON how many
records and bytes it has sent to each topic.
"""

import gc
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

from benchmarks.relay.kafka import Inbox, Outbox
from benchmarks.relay.receiver import Receiver
from benchmarks.relay.record import Edge, Group, pack
from benchmarks.relay.shape import TICKER_BYTES, Kind, Shape, share
from partita.log.worker import LATEST_EVERY_MS
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS, TICKERS

Destinations = Mapping[tuple[str, int], list[Group]]
_WAIT_S = 0.1


def ledger(news: Iterable[Group], shape: Shape) -> Destinations:
    """Return what the shards say: commands to the books, and to the client how they went."""
    out: dict[tuple[str, int], list[Group]] = defaultdict(list)
    for (kind, shard, partition), first, count in news:
        to_client = out[ACCOUNT_EVENTS, shard]
        if kind == Kind.REPORT:
            to_client.append(Group(Edge(Kind.SETTLED, shard, partition), first, count))
            continue
        to_client.append(Group(Edge(Kind.RECEIVED, shard, 0), first, count))
        for p in range(shape.partitions):
            begin, orders = share(first, count, p, shape.partitions)
            if orders:
                out[ORDERS, p].append(Group(Edge(Kind.ORDER, shard, p), begin, orders))
    return out


def matcher(news: Iterable[Group], _: Shape) -> Destinations:
    """Return what the books say: to the shards, and to the public."""
    out: dict[tuple[str, int], list[Group]] = defaultdict(list)
    for (_kind, shard, partition), first, count in news:
        report = Edge(Kind.REPORT, shard, partition)
        out[ACCOUNT_COMMANDS, shard].append(Group(report, first, count))
        feed = Edge(Kind.FEED, shard, partition)
        out[BOOK, partition].append(Group(feed, first, count))
    return out


class Tickers:
    """What a matcher says now and then while anything happens."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._said_s = 0.0

    def say(self, outbox: Outbox) -> None:
        """Say them if it is time."""
        now_s = time.monotonic()
        if now_s - self._said_s >= LATEST_EVERY_MS / 1_000:
            self._said_s = now_s
            for p in range(self._partitions):
                outbox.send(TICKERS, p, [bytes(TICKER_BYTES)], key=b"BTC-USD")


def main() -> None:
    """Relay until standard input ends."""
    name, bootstrap, prefix, shards, partitions = sys.argv[1:]
    shape = Shape(int(shards), int(partitions))
    relay, topic, count = {
        "ledger": (ledger, ACCOUNT_COMMANDS, shape.shards),
        "matcher": (matcher, ORDERS, shape.partitions),
    }[name]
    inbox, outbox = Inbox(bootstrap, prefix + topic, count), Outbox(bootstrap, prefix)
    receiver, tickers = Receiver(), Tickers(shape.partitions)
    # Alive until standard input ends: a thread that waits there costs the loop nothing.
    asked = threading.Thread(target=sys.stdin.read, daemon=True)
    asked.start()
    inbox.take(_WAIT_S)
    gc.freeze()
    print("ready", flush=True)
    while asked.is_alive():
        news = receiver.take(inbox.take(_WAIT_S))
        if news:
            for (to, partition), groups in relay(news, shape).items():
                outbox.send(to, partition, pack(groups))
            if name == "matcher":
                tickers.say(outbox)
        outbox.serve()
    outbox.flush()
    print(json.dumps({"records": outbox.records, "value_bytes": outbox.value_bytes}))


if __name__ == "__main__":
    main()
