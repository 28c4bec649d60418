"""What of librdkafka's own words is passed on: a broker went away, it came back."""

import logging
import time
from collections.abc import Callable

# Said at every start: that the gapless guarantee is young, and that a coordinator that has just
# started is asked again.
_USUAL = ("enable.gapless.guarantee", "Coordinator load in progress")
# While a broker is away each connection says so tens of times a second.
_EVERY_S = 10.0
_KEPT_MAX = 1_000


class Sparing:
    """A filter for a logger: leaves out what is usual, and what was said a moment ago."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._said_s: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is passed on."""
        text = record.getMessage()
        if any(usual in text for usual in _USUAL):
            return False
        # Behind it stands for how long the connection was what it was.
        what, now_s = text.partition(" (after ")[0], self._now_s()
        if now_s - self._said_s.get(what, -_EVERY_S) < _EVERY_S:
            return False
        if len(self._said_s) >= _KEPT_MAX:
            self._said_s.clear()
        self._said_s[what] = now_s
        return True
