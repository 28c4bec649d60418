"""One measurement of the relay, on a broker that is running."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.relay.client import RelayClient
from benchmarks.relay.kafka import relay_topics
from benchmarks.relay.processes import Hops, hops
from benchmarks.relay.shape import Shape
from benchmarks.relay.steady import steady
from benchmarks.relay.usage import Spent, usage
from partita.deploy.replay.latency import Percentiles, percentiles

BATCH = 2_000
WINDOW = 64_000
PAUSE_S = 0.001
# The broker's own compiler is busy until then: a cold one takes four times the processor time.
WARM_BROKER = 8_000_000


class Throughput(NamedTuple):
    """Orders as fast as they go."""

    orders_s: float
    spent: Spent
    value_bytes: dict[str, float]  # an order, by topic
    orders_a_record: dict[str, float]


class Latency(NamedTuple):
    """Orders at a steady rate."""

    percentiles: Percentiles  # from the planned send to the event that tells how the order went
    spent: Spent


@contextmanager
def _relay(bootstrap: str, shape: Shape) -> Iterator[tuple[RelayClient, Hops]]:
    with relay_topics(bootstrap, shape) as prefix, hops(bootstrap, prefix, shape) as relays:
        client = RelayClient(bootstrap, prefix, shape)
        try:
            yield client, relays
        finally:
            client.close()


def run_throughput(
    bootstrap: str,
    shape: Shape,
    orders: int,
    warm_up: int = 200_000,
    window: int = WINDOW,
    batch: int = BATCH,
    pids: Mapping[str, int] | None = None,
) -> Throughput:
    """Relay orders as fast as they go, from the first send to the last event heard.

    window is how many may be unanswered, batch how many a client's record holds; pids are of other
    processes whose costs are of interest, by their names.
    """
    with _relay(bootstrap, shape) as (client, relays):
        client.run(warm_up, window, batch)
        processes = relays.pids | dict(pids or {})
        before = usage(processes)
        seconds = client.run(orders, window, batch)
        spent = usage(processes).since(before, orders)
        client.outbox.flush()
        relays.stop()
        relays.records.update(client.outbox.records)
        relays.value_bytes.update(client.outbox.value_bytes)
    return Throughput(
        orders / seconds,
        spent,
        {topic: size / client.sent for topic, size in relays.value_bytes.items()},
        {topic: client.sent / count for topic, count in relays.records.items()},
    )


def run_latency(
    bootstrap: str,
    shape: Shape,
    rate: int,
    seconds: float,
    warm_up_s: float = 10.0,
    pause_s: float = PAUSE_S,
    pids: Mapping[str, int] | None = None,
) -> Latency:
    """Relay orders at a steady rate, after a warm-up at that rate."""
    with _relay(bootstrap, shape) as (client, relays):
        if warm_up_s:
            steady(client, shape, rate, warm_up_s, pause_s)
        gc.collect()
        gc.freeze()
        processes = relays.pids | dict(pids or {})
        before = usage(processes)
        found = steady(client, shape, rate, seconds, pause_s)
        spent = usage(processes).since(before, int(rate * seconds))
        gc.unfreeze()
    return Latency(percentiles(found), spent)
