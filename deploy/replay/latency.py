"""Latencies and their percentiles. Times here are the host's, for people; no machine sees them."""

from array import array
from math import ceil
from typing import NamedTuple


class Percentiles(NamedTuple):
    """Percentiles of a latency, in milliseconds."""

    count: int  # type: ignore[assignment] # measurements; shadows tuple.count, which no one calls
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p99_9_ms: float
    max_ms: float


def percentiles(latencies_s: "array[float]") -> Percentiles:
    """Return the percentiles by nearest rank: a value that was measured, none made up between.

    >>> percentiles(array("d", [0.001, 0.002, 0.003, 0.010]))
    Percentiles(count=4, p50_ms=2.0, p90_ms=10.0, p99_ms=10.0, p99_9_ms=10.0, max_ms=10.0)
    """
    ranked = sorted(latencies_s)
    if not ranked:
        return Percentiles(0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def at(share: float) -> float:
        return round(ranked[max(0, ceil(share * len(ranked)) - 1)] * 1_000, 3)

    return Percentiles(len(ranked), at(0.5), at(0.9), at(0.99), at(0.999), at(1.0))
