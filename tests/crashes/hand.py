"""What is done to the processes of an exchange: to those that it has started, by their pids."""

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Self

from crashes.schedule import BROKER, Back, End, Freeze, Kill, Step, Wait, Zombie
from crashes.worker_logs import kind, owned

from partita.deploy.exchange import Exchange
from partita.deploy.workers import SupervisedWorker
from partita.log.crash_points import CRASH_VARIABLE

_LOOK_EVERY_S = 0.02
_ENDED = re.compile(r"ended with code (-?\d+)")
# A worker that is started again is there in a second or two, a broker in five; a busy host takes
# its time.
_PATIENCE_S = 120.0
# A broker that ends soon after each start is given up, after some times.
_BROKER_RUNS_S = 12.0


class Supervisor:
    """Looks after an exchange in a thread of its own, as `partita up` does."""

    def __init__(self, exchange: Exchange) -> None:
        self.ends: Counter[str] = Counter()  # of workers, by code; -9 is SIGKILL
        self.error: Exception | None = None  # what ended it
        self._exchange = exchange
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def _run(self) -> None:
        try:
            while not self._stop.wait(_LOOK_EVERY_S):
                self._exchange.look_after(self._hear)
        except Exception as error:  # noqa: BLE001 - raised again where the run ends
            self.error = error

    def _hear(self, line: str) -> None:
        if (found := _ENDED.search(line)) is not None:
            self.ends[found[1]] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


class Hand:
    """Kills, freezes and wakes; all calls wait until what they do is done.

    settles_since tells whether orders settle everywhere, since a time of the monotonic clock.
    """

    def __init__(self, exchange: Exchange, ends: Counter[str]) -> None:
        self.ends = ends  # how workers have ended, by code
        self.did: Counter[str] = Counter()
        self.kills_s: list[tuple[str, float]] = []  # whom, and when, by the monotonic clock
        self.settles_since: Callable[[float], bool] = lambda _: True
        self._exchange = exchange
        self._killed: dict[str, int] = {}  # the last of each name

    def _worker(self, name: str) -> SupervisedWorker:
        return next(worker for worker in self._exchange.workers if worker.name == name)

    def _pid(self, name: str) -> int:
        """Return the pid of a process that lives, waiting for it to be started again."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while True:
            if name == BROKER:
                kafka = self._exchange.kafka
                pid = kafka.pid if kafka is not None and kafka.alive() else None
            else:
                pid = self._worker(name).state().pid
            if pid is not None and pid != self._killed.get(name):  # dead, and not seen yet
                return pid
            assert time.monotonic() < deadline_s, f"{name} was never started again"
            time.sleep(_LOOK_EVERY_S)

    def kill(self, name: str) -> None:
        """Send SIGKILL."""
        pid = self._pid(name)
        if name == BROKER:
            last_s = max((at_s for who, at_s in self.kills_s if who == BROKER), default=0.0)
            time.sleep(max(0.0, last_s + _BROKER_RUNS_S - time.monotonic()))
        os.kill(pid, signal.SIGKILL)
        self._killed[name] = pid
        self.kills_s.append((name, time.monotonic()))
        self.did["kills of the broker" if name == BROKER else "kills of workers"] += 1

    def freeze(self, name: str, seconds: float) -> None:
        """Send SIGSTOP, and SIGCONT so much later."""
        pid = self._pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.did["freezes of the broker" if name == BROKER else "freezes of workers"] += 1

    def make_zombie(self, name: str) -> None:
        """Freeze a worker until another one of its line has taken a partition of its own.

        Then wake it, and wait until it has noticed.
        """
        mine = self._worker(name).log
        self._await(lambda: owned(mine) != {}, f"{name} never owned anything")
        others = [
            worker.log
            for worker in self._exchange.workers
            if worker.name != name and kind(worker.name) == kind(name)
        ]
        pid = self._pid(name)
        os.kill(pid, signal.SIGSTOP)
        before = owned(mine)
        try:
            self._await(
                lambda: any(before.keys() & owned(other).keys() for other in others),
                f"nobody took what {name} had",
            )
        finally:
            os.kill(pid, signal.SIGCONT)
        self._await(lambda: owned(mine) != before, f"{name} never noticed")
        self.did["freezes until another took over"] += 1

    def crash_at(self, points: Mapping[str, Sequence[str]]) -> None:
        """Let workers end at named points of their work: each worker at its points, in turn.

        They run at the same time. Each is killed first, so that it starts with a point.
        """
        before = {}
        for name, its_points in points.items():
            worker = self._worker(name)
            worker.environments.extend({CRASH_VARIABLE: point} for point in its_points)
            before[name] = worker.state().restarts
            self.kill(name)
        for name, its_points in points.items():
            for done, point in enumerate(its_points, 1):
                wanted = before[name] + 1 + done
                self._await(partial(self._restarted, name, wanted), f"{name} never came to {point}")
                self.did["ends at named points"] += 1

    def _restarted(self, name: str, times: int) -> bool:
        return self._worker(name).state().restarts >= times

    def do(self, step: Step) -> None:
        """Do a step of a schedule."""
        match step:
            case Wait(seconds):
                time.sleep(seconds)
            case Kill(who, apart_s):
                for at, name in enumerate(who):
                    time.sleep(apart_s if at else 0.0)
                    self.kill(name)
            case Freeze(who, seconds):
                self.freeze(who, seconds)
            case Zombie(who):
                self.make_zombie(who)
            case End(points):
                self.crash_at(points)
            case Back(seconds):
                since_s = time.monotonic()
                self._await(lambda: self.settles_since(since_s), "nothing settles any more")
                time.sleep(seconds)

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, otherwise
            time.sleep(_LOOK_EVERY_S)

    def restarts(self) -> int:
        """Return how often a worker was started again."""
        return sum(state.restarts for state in self._exchange.states())


@contextmanager
def supervised(exchange: Exchange) -> Iterator[Hand]:
    """Look after an exchange meanwhile.

    Raises:
        DeployError: the exchange could not be kept up.
    """
    with Supervisor(exchange) as supervisor:
        yield Hand(exchange, supervisor.ends)
    if supervisor.error is not None:
        raise supervisor.error
