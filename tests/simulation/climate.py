"""What is drawn once for a run: how its exchange is set up, and what its market is like."""

import random
from typing import NamedTuple


class Climate(NamedTuple):
    """One run's habits."""

    snapshot_every_ms: int
    chunk_bytes: int
    slow_captures: float  # the share of states that are written down over several steps
    failed_captures: float  # the share that never are
    compacts: bool  # a reader of a compacted topic sees the latest of each key only
    trims: bool
    trim_behind_ms: int
    agree_over: int  # records over which another build must agree
    alone_ms: int
    clocks_ms: int
    rules: int  # weight of a change of rules among the steps
    halts: float  # the share of changes that halt a symbol
    appetites: tuple[int, ...]  # for each symbol, how much it is traded
    listed_at: int  # the step before which the last symbol is not listed


def draw(rng: random.Random, steps: int) -> Climate:
    """Draw a run's climate."""
    return Climate(
        snapshot_every_ms=rng.choice((500, 1_000, 2_000, 3_000, 5_000, 10_000)),
        chunk_bytes=rng.choice((150, 400, 1_200, 1 << 20)),
        slow_captures=rng.choice((0.0, 0.3, 0.9)),
        failed_captures=rng.choice((0.0, 0.0, 0.2)),
        compacts=rng.random() < 0.5,
        trims=rng.random() < 0.9,
        trim_behind_ms=rng.choice((0, 0, 3_000, 20_000)),
        agree_over=rng.choice((5, 30, 120)),
        alone_ms=rng.choice((0, 5_000)),
        clocks_ms=rng.choice((0, 2_000)),
        rules=rng.choice((1, 1, 5)),
        halts=rng.choice((0.2, 0.5)),
        appetites=rng.choice(
            ((1, 1, 1, 1), (1, 1, 1, 1), (20, 1, 20, 1), (1, 0, 1, 1), (1, 0, 0, 0), (1, 0, 1, 0))
        ),
        listed_at=rng.choice((0, steps // 4, steps // 2)),
    )
