"""What a fault is."""

from collections.abc import Callable

from simulation.venue import Venue


class Armed(str):
    """What is going to happen: it counts when it does."""

    __slots__ = ()


Fault = Callable[[Venue], str | None]
