"""How a state is taken in the simulation: at once, over some steps as by a child, or never."""

import random

from simulation.climate import Climate

from partita.log.capture import Capture, CaptureFailed, Data, InlineCapture, Source, Take, Write


class SlowCapture:
    """The bytes as they were when it was made, some steps later: what a thread or child gives."""

    def __init__(self, source: Source, steps: int, fails: bool) -> None:
        copied = source.copy()
        self._write: Write | None = copied
        self._data: Data | None = None if copied else InlineCapture(source.write).data()
        self._steps = steps
        self._fails = fails

    def data(self) -> Data | None:
        """Return the bytes, once; None while they are being written."""
        assert self._data or self._write, "the bytes are given once"
        if self._steps > 0:
            self._steps -= 1
            return None
        if self._fails:
            raise CaptureFailed("the child ended with 1")
        if self._write is not None:
            self._data, self._write = InlineCapture(self._write).data(), None
        data, self._data = self._data, None
        return data

    def drop(self) -> None:
        """Give it up."""


def takes(rng: random.Random, climate: Climate) -> Take:
    """Return a way to take states that is as slow and as bad as the climate says."""

    def take(source: Source) -> Capture:
        fails = rng.random() < climate.failed_captures
        if fails and rng.random() < 0.5:
            raise CaptureFailed("no child")
        if fails or rng.random() < climate.slow_captures:
            return SlowCapture(source, rng.randint(1, 8), fails)
        return InlineCapture(source.write)

    return take
