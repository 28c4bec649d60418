"""A whole exchange, single-stepped from one seed, with faults; every step is checked."""

import hashlib
import random
from collections import deque
from collections.abc import Callable

from simulation.checkers.agreement import Agreement
from simulation.checkers.answers import Answers
from simulation.checkers.base import Checker
from simulation.checkers.clock import Clock
from simulation.checkers.dead_letters import DeadLetters
from simulation.checkers.money import Money
from simulation.checkers.orders import Orders
from simulation.checkers.public import Public
from simulation.checkers.replay import Replay
from simulation.checkers.trades import Trades
from simulation.faults import FAULTS, Fault, echo
from simulation.market import INSTRUMENTS
from simulation.sightings import Sightings
from simulation.stations import Engines, Station, deliver
from simulation.venue import Venue
from simulation.violation import violate

from partita.ledger.reference import ReferenceShard
from partita.log.port import Outgoing
from partita.log.worker import LATEST_EVERY_MS
from partita.matchers.reference import ReferenceBook
from partita.schemas.enums import InstrumentStatus

STEPS = 1_000
FAULTS_MIN = 3
FAULTS_MAX = 8
_ROUNDS_MAX = 1_000  # of everybody, until it must be quiet
REFERENCE = Engines(ReferenceShard, ReferenceBook)


def _silence(_line: str) -> None:
    """Trace nothing."""


class Simulation:
    """One seed's run."""

    def __init__(
        self,
        seed: int,
        steps: int = STEPS,
        trace: Callable[[str], None] = _silence,
        engines: Engines = REFERENCE,
    ) -> None:
        self.rng = random.Random(seed)
        self.venue = Venue(self.rng, engines)
        self.sightings = Sightings(self.venue.log)
        self.replay = Replay(self.venue)
        self.checkers: list[Checker] = [
            Orders(self.venue),
            Answers(self.venue),
            Trades(self.venue),
            Public(self.venue),
            Clock(self.venue),
            DeadLetters(self.venue, self.sightings),
            Money(self.venue),
            Agreement(self.venue),
            self.replay,
        ]
        self.faults: list[str] = []  # what went wrong, in order
        self.kinds: set[Fault] = set()  # of what went wrong
        self.step = 0
        self._steps = steps
        self._trace = trace
        self._echo_rate = self.rng.choice((0.0, 0.02, 0.1))

    def run(self) -> None:
        """Run to the end. Raises Violation at the first thing that is not as it must be."""
        for instrument in INSTRUMENTS[:3]:
            self.venue.give_rules(instrument)
        self.come_to_rest()
        self.venue.clients.fund()
        plan = deque(self.plan())
        rest_at = self.rng.randrange(self._steps * 2)  # in half of the runs
        for step in range(1, self._steps + 1):
            self.step = step
            while plan and plan[0][0] <= self.step and self._break(plan[0][1]):
                plan.popleft()
            self._act()
            self._observe()
            if self.step == rest_at:
                self.come_to_rest()
                self.check_rest()
        for _ in plan:  # those for which the moment never came
            self._break(echo)
        self.come_to_rest()
        self.check_rest()
        self.replay.at_end()

    def digest(self) -> str:
        """Return a hash of all that stands on the log."""
        sha = hashlib.sha256()
        for key in sorted(self.venue.log.partitions):
            sha.update(repr((key, self.venue.log.partitions[key])).encode())
        return sha.hexdigest()

    def plan(self) -> list[tuple[int, Fault]]:
        """Draw the faults of a run and their steps."""
        kinds = self.rng.choices(
            list(FAULTS), list(FAULTS.values()), k=self.rng.randint(FAULTS_MIN, FAULTS_MAX)
        )
        steps = sorted(self.rng.randint(1, self._steps) for _ in kinds)
        return list(zip(steps, kinds, strict=True))

    def _break(self, fault: Fault) -> bool:
        """Do a fault; return whether there was something to do it to."""
        done = fault(self.venue, self.step)
        if done is None:
            return False
        self.faults.append(f"step {self.step}: {done}")
        self.kinds.add(fault)
        self._trace(f"{self.step:5} FAULT {done}")
        self._observe()
        return True

    def _act(self) -> None:
        """Do the next step: whose turn it is, is drawn."""
        action = self.rng.choices(
            (self._say, self._work, self._deliver, self._pass_time, self._restart, self._rule),
            (14, 40, 40, 8, 4, 1),
        )[0]
        told = action()
        if told:
            self._trace(f"{self.step:5} {told}")

    def _say(self) -> str:
        return self.venue.clients.act()

    def _work(self) -> str:
        awake = [s for s in self.venue.stations if s.alive and s.stalled_until <= self.step]
        if not awake:
            return ""
        station = self.rng.choice(awake)
        if station.zombie_until is not None and station.zombie_until <= self.step:
            return f"{station.name} dies; {self.venue.kill(station)}"
        station.connection.batch_max = self.rng.choice((1, 2, 5, 20, 1_000))
        return self._let_step(station)

    def _let_step(self, station: Station) -> str:
        name = station.name
        taken = station.step()
        if taken <= 0:
            return ""
        station.check()
        for checker in self.checkers:
            checker.stepped(station)
        return f"{name} takes {taken} records, sends {len(station.connection.under_way)}"

    def _deliver(self) -> str:
        busy = [queue for queue in self.venue.senders() if queue]
        if not busy:
            return ""
        count = deliver(self.rng.choice(busy), self._append, self.rng, 4)
        return f"{count} records arrive"

    def _append(self, outgoing: Outgoing) -> None:
        self.venue.log.append(outgoing)
        if self.rng.random() < self._echo_rate:
            self.venue.log.append(outgoing)

    def _pass_time(self) -> str:
        ms = self.rng.choice((1, 20, 200, 1_500))
        self.venue.log.time_ms += ms
        return f"{ms} ms pass"

    def _restart(self) -> str:
        dead = [s for s in self.venue.stations if not s.alive]
        if not dead:
            return ""
        station = self.rng.choice(dead)
        station.start()
        return f"{station.name} starts again"

    def _rule(self) -> str:
        """List the last symbol, or change the rules of one."""
        latest = INSTRUMENTS[3]
        if latest.instrument_id not in self.venue.rules:
            self.venue.give_rules(latest)
            return f"{latest.symbol} is listed"
        old = self.venue.rules[self.rng.randint(1, 4)]
        halted = old.status is InstrumentStatus.TRADING and self.rng.random() < 0.2
        new = old._replace(
            version=old.version + 1,
            status=InstrumentStatus.HALTED if halted else InstrumentStatus.TRADING,
            taker_fee_ppm=self.rng.randint(0, 5_000),
        )
        self.venue.give_rules(new)
        return f"{new.symbol}: {new.status}, {new.taker_fee_ppm} ppm"

    def _observe(self) -> None:
        """Show the checkers all that is new on the log."""
        self.sightings.gaps_allowed = any(s.torn for s in self.venue.stations) or (
            self.sightings.gaps_allowed
        )
        for noted in self.sightings.read():
            for checker in self.checkers:
                checker.note(noted)
            for seen in noted.seen:
                self.venue.clients.hear(seen)
                for checker in self.checkers:
                    checker.see(seen)

    def come_to_rest(self) -> None:
        """End all faults, and let everybody work until nothing is left to do."""
        venue = self.venue
        for station in list(venue.stations):
            station.stalled_until = 0
            if station.zombie_until is not None or station.torn:
                venue.kill(station)
        for station in venue.stations:
            if not station.alive:
                station.start()
        quiet = 0  # rounds; a worker that has just started only opens its partitions in the first
        for _ in range(_ROUNDS_MAX):
            moved = 0
            for queue in list(venue.senders()):
                moved += len(queue)
                while queue:
                    venue.log.append(queue.popleft())
            self._observe()
            venue.log.time_ms += LATEST_EVERY_MS  # so that what waits for its time is said
            for station in venue.stations:
                station.connection.batch_max = 1_000
                moved += station.step()
                station.check()
            quiet = 0 if moved else quiet + 1
            if quiet == 2:
                venue.ghosts.clear()
                return
        violate("liveness", "the exchange does not come to rest")

    def check_rest(self) -> None:
        """Let every checker look at an exchange at rest."""
        self.sightings.check_dense()
        self.sightings.gaps_allowed = False
        for checker in self.checkers:
            checker.at_rest()
