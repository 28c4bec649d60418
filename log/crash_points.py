"""Named points at which a test lets a worker's process end, as if by `kill -9`.

The variable PARTITA_CRASH_AT holds NAME, or NAME:N for the Nth time that it is reached. It is for
tests on real processes: without it a point costs an empty call.
"""

import os
import signal
from collections.abc import Callable

CRASH_VARIABLE = "PARTITA_CRASH_AT"
# In the order in which a worker meets them.
POINTS = (
    "read changelog",
    "opened",
    "polled",
    "applied",
    "sent",
    "captured",
    "chunk sent",
    "manifest sent",
    "manifest acknowledged",
    "tombstone sent",
    "trimmed",
)


def crash_points() -> Callable[[str], None]:
    """Return what to call at each point.

    Raises:
        ValueError: the variable names no point.
    """
    name, _, count = os.environ.get(CRASH_VARIABLE, "").partition(":")
    if not name:
        return lambda _point: None
    if name not in POINTS:
        raise ValueError(f"{CRASH_VARIABLE}: {name!r} is none of {', '.join(POINTS)}")
    left = int(count or 1)

    def reached(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
