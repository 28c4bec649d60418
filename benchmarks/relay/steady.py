"""Orders at a steady rate, each at its planned time whatever became of those before."""

import threading
import time
from array import array

from benchmarks.relay.client import Arrival, RelayClient, Silent, latencies_s
from benchmarks.relay.shape import Shape

# Longer than any stall that is worth measuring.
_SILENCE_S = 30.0
_WAIT_S = 0.1


def steady(
    client: RelayClient, shape: Shape, rate: int, seconds: float, pause_s: float
) -> "array[float]":
    """Return the seconds from each order's planned time until it was heard to be settled.

    What is due is sent in turns, with a pause between them; another thread hears.

    Raises:
        Silent: orders were not settled.
    """
    begun, orders = client.sent, int(rate * seconds)
    until, arrivals = begun + orders, list[Arrival]()
    failed: list[Exception] = []

    def listen() -> None:
        heard_s = time.perf_counter()
        try:
            while client.settled < until:
                settled = client.hear(_WAIT_S)
                now_s = time.perf_counter()
                arrivals.extend(Arrival(now_s, group) for group in settled)
                if settled:
                    heard_s = now_s
                elif now_s > heard_s + _SILENCE_S:
                    raise Silent(f"{until - client.settled} orders were not settled")  # noqa: TRY301 - for both ends
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            failed.append(error)

    listener = threading.Thread(target=listen)
    listener.start()
    begun_s = time.perf_counter()
    while client.sent < until and not failed:
        due = min(until, begun + int((time.perf_counter() - begun_s) * rate))
        if due > client.sent:
            client.send(due - client.sent)
        time.sleep(pause_s)
    listener.join()
    if failed:
        raise failed[0]
    return latencies_s(arrivals, shape, begun, begun_s, rate)
