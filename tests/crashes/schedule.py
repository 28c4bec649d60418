"""What is done to an exchange, and when: by a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.log.crash_points import POINTS

BROKER = "broker"  # who is meant; all others are workers, by name
# How often a point is let pass: so that a process ends in the middle of its work, not at once.
_PASSES = {"polled": 20, "applied": 20, "sent": 40, "captured": 3, "chunk sent": 3}


class Kill(NamedTuple):
    """SIGKILL, to one after the other with so long in between."""

    who: tuple[str, ...]
    apart_s: float = 0.0


class Freeze(NamedTuple):
    """SIGSTOP, and SIGCONT later."""

    who: str
    seconds: float


class Zombie(NamedTuple):
    """SIGSTOP, and SIGCONT when another worker has taken what it owns: then there are two."""

    who: str


class End(NamedTuple):
    """Let workers end at named points, each at its own ones, in turn."""

    points: Mapping[str, Sequence[str]]


class Wait(NamedTuple):
    """Leave it alone."""

    seconds: float


class Back(NamedTuple):
    """Wait until orders settle everywhere again, and leave it alone then."""

    seconds: float


Step = Kill | Freeze | Zombie | End | Wait | Back


def points(*names: str) -> End:
    """Return how workers end at all points, dealt out among them."""
    spelt = [f"{point}:{_PASSES.get(point, 1)}" for point in POINTS]
    return End({name: spelt[at :: len(names)] for at, name in enumerate(names)})


def random_steps(seed: int, kills: int, workers: Sequence[str]) -> Iterator[Step]:
    """Give so many kills, one in eight of the broker, and freezes between them.

    Workers are killed one at a time, at once, or again while they recover.
    """
    chance = random.Random(seed)
    left, since_broker = kills, 0
    while left > 0:
        if chance.random() < 0.7:
            yield Back(chance.uniform(0.1, 2.0))
        else:
            yield Wait(chance.uniform(0.1, 2.5))
        if since_broker >= 7:
            since_broker = 0
            left -= 1
            yield Kill((BROKER,))
            continue
        draw = chance.random()
        if draw < 0.06:
            yield Freeze(chance.choice(workers), chance.uniform(0.1, 1.5))
        elif draw < 0.09:
            yield Freeze(BROKER, chance.uniform(0.5, 3.0))
        else:
            count = min(left, 1 if draw < 0.7 else chance.randint(2, 4))
            who = tuple(chance.choices(workers, k=count))
            yield Kill(who, chance.choice((0.0, chance.uniform(0.0, 2.5))))
            left -= count
            since_broker += count
