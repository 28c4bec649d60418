"""The exchange's hops with no work done: the ceiling that the real path is compared with.

    python -m benchmarks.relay throughput|latency

`run_throughput` and `run_latency` measure it on a broker that is running already, on topics of
their own that they make and remove: so that it and the real path can take turns on one broker.
"""

from benchmarks.relay.run import Latency, Throughput, run_latency, run_throughput
from benchmarks.relay.shape import Shape

__all__ = ["Latency", "Shape", "Throughput", "run_latency", "run_throughput"]
