"""Kill -9 of whatever follows the exchange, at random under a simulated market; then the audit.

Two market-data workers, two candle workers and two projectors follow an exchange on which simulated
makers and takers trade. One of the six is killed every second or so. At the end the audit computes
all derived topics and the store once more, and compares.

    python tests/crashes/companions.py [--seconds N] [--seed N] [--store sqlite|cassandra]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.workers import command_line

_RATE = 300  # orders a second
_SYMBOLS = 6
_CATCH_UP_S = 20.0
_LOOK_S = 0.1


def _watch(exchange: Exchange, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        exchange.look_after(lambda line: print(f"  {line}"))
        time.sleep(_LOOK_S)


def _until(deadline_s: float) -> Callable[[], bool]:
    return lambda: time.monotonic() < deadline_s


def run(folder: Path, seconds: int, seed: int, store: str | None) -> int:
    """Trade and kill, then audit; return the audit's exit code."""
    rng, kills = random.Random(seed), Counter[str]()
    plan = Plan(folder, DEFAULT_FILE, market_data=2, candles=2, projectors=2, store=store)
    with Exchange(plan) as exchange:
        exchange.start(print)
        options = ("--rate", str(_RATE), "--symbols", str(_SYMBOLS), "--seconds", str(seconds))
        market = subprocess.Popen(command_line(exchange.bootstrap, "simulate", *options))
        while market.poll() is None:
            _watch(exchange, _until(time.monotonic() + rng.uniform(0.5, 2)))
            alive = [state for state in exchange.companion_states() if state.pid is not None]
            if alive:
                victim = rng.choice(alive)
                assert victim.pid is not None, "it was chosen among the living"
                os.kill(victim.pid, signal.SIGKILL)
                kills[victim.name] += 1
        _watch(exchange, _until(time.monotonic() + _CATCH_UP_S))
        print(f"{kills.total()} kills: {dict(sorted(kills.items()))}")
        audit = command_line(exchange.bootstrap, "audit", "--store", exchange.store.address)
        return subprocess.run(audit, check=False).returncode


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", choices=["sqlite", "cassandra"])
    given = parser.parse_args()
    with TemporaryDirectory(prefix="partita-kills-") as folder:
        return run(Path(folder), given.seconds, given.seed, given.store)


if __name__ == "__main__":
    sys.exit(main())
