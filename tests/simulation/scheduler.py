"""A whole exchange, single-stepped from one seed, with faults; every step is checked."""

import hashlib
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping

from histories.simulated import Audit
from simulation.actions import Actions
from simulation.checkers.agreement import Agreement
from simulation.checkers.answers import Answers
from simulation.checkers.base import Checker
from simulation.checkers.changelogs import Changelogs
from simulation.checkers.clock import Clock
from simulation.checkers.dead_letters import DeadLetters
from simulation.checkers.money import Money
from simulation.checkers.orders import Orders
from simulation.checkers.passes import Passes
from simulation.checkers.public import Public
from simulation.checkers.recovery import Recovery
from simulation.checkers.replay import Replay
from simulation.checkers.silences import Silences
from simulation.checkers.trades import Trades
from simulation.climate import draw
from simulation.faults import FAULTS
from simulation.faults.kinds import Armed, Fault
from simulation.faults.processes import crash_at_point, is_doomed
from simulation.faults.records import echo
from simulation.machines import REFERENCE, Engines
from simulation.market import INSTRUMENTS
from simulation.sightings import Sightings
from simulation.stations import INPUTS, Station
from simulation.venue import Venue
from simulation.violation import violate

from partita.log.worker import LOOK_AROUND_EVERY_MS
from partita.schemas.codec import decode, encode
from partita.schemas.topics import DEAD_LETTERS

STEPS = 1_000
FAULTS_MIN = 3
FAULTS_MAX = 12
_ROUNDS_MAX = 1_000  # of everybody, until it must be quiet
# Rounds in which nothing comes: a worker that has just started only opens its partitions in the
# first, and one may hear in the next what was said about it.
_QUIET_ROUNDS = 3
_QUIET_MS = 1_000  # log time of a round in which nothing comes


def _silence(_line: str) -> None:
    """Trace nothing."""


def _without_words(letter: bytes) -> bytes:
    return encode(decode(letter)._replace(error=""))


class Simulation:
    """One seed's run."""

    def __init__(
        self,
        seed: int,
        steps: int = STEPS,
        trace: Callable[[str], None] = _silence,
        engines: Engines = REFERENCE,
        faults: Mapping[Fault, int] = FAULTS,
    ) -> None:
        self.rng = random.Random(seed)
        self.venue = Venue(
            self.rng, engines, draw(self.rng, steps), random.Random(f"engines of {seed}")
        )
        self.venue.meanwhile = self.meanwhile
        self.sightings = Sightings(self.venue.log)
        self.recovery = Recovery(self.venue)
        self.silences = Silences(self.venue)
        self.changelogs = Changelogs(self.venue, self.sightings)
        self.audit = Audit(self.venue)
        self.replay = Replay(self.venue, self.changelogs)
        self.checkers: list[Checker] = [
            self.recovery,
            self.silences,
            Passes(self.venue),
            self.changelogs,
            Orders(self.venue),
            Answers(self.venue),
            Trades(self.venue),
            Public(self.venue),
            Clock(self.venue),
            DeadLetters(self.venue, self.sightings),
            Money(self.venue),
            Agreement(self.venue),
            self.audit,
            self.replay,
        ]
        self.venue.around.watchers += self.checkers
        self.faults: list[str] = []  # what went wrong, in order
        self.kinds: set[Fault] = set()  # of what went wrong
        self.points: Counter[str] = Counter()  # at which processes have died
        self._steps = steps
        self._weights = faults
        self._trace = trace
        self._actions = Actions(self.venue, self.let_step)

    def run(self) -> None:
        """Run to the end. Raises Violation at the first thing that is not as it must be."""
        for instrument in INSTRUMENTS[:3]:
            self.venue.give_rules(instrument)
        self.come_to_rest()
        self.venue.clients.fund()
        plan = deque(self.plan())
        rest_at = self.rng.randrange(self._steps * 2)  # in half of the runs
        for step in range(1, self._steps + 1):
            self.venue.step = step
            while plan and plan[0][0] <= step and self.break_(plan[0][1]):
                plan.popleft()
            self._act()
            if step == rest_at:
                self.come_to_rest()
                self.check_rest()
        while len(self.faults) < FAULTS_MIN:  # the moment of the others never came
            self.break_(echo)
        self.come_to_rest()
        self.check_rest()
        self.replay.at_end()

    def digest(self) -> str:
        """Return a hash of all that stands on the log."""
        sha = hashlib.sha256()
        for key in sorted(self.venue.log.partitions):
            stored = self.venue.log.partitions[key]
            if key[0] == DEAD_LETTERS:  # each engine has words of its own for what it cannot read
                stored = [s._replace(value=_without_words(s.value)) for s in stored]
            sha.update(repr((key, stored)).encode())
        return sha.hexdigest()

    def counts(self) -> Counter[str]:
        """Return what the run has met, for people."""
        counts = Counter({f"died at {point!r}": count for point, count in self.points.items()})
        counts.update(f"seeds with {fault.__name__}" for fault in self.kinds)
        counts += self.recovery.counts
        counts += self.silences.counts
        counts["manifests"] = len(self.changelogs.stood)
        counts["records on the log"] = len(self.venue.log.arrivals)
        counts["records that parked a partition"] = len(self.venue.log.parking)
        counts["inputs that were trimmed"] = len(self.venue.log.starts)
        return counts

    def plan(self) -> list[tuple[int, Fault]]:
        """Draw the faults of a run and their steps."""
        kinds = self.rng.choices(
            list(self._weights),
            list(self._weights.values()),
            k=self.rng.randint(FAULTS_MIN, FAULTS_MAX),
        )
        steps = sorted(self.rng.randint(1, self._steps) for _ in kinds)
        return list(zip(steps, kinds, strict=True))

    def break_(self, fault: Fault) -> bool:
        """Do a fault; return whether there was something to do it to."""
        done = fault(self.venue)
        if done is None:
            return False
        if isinstance(done, Armed):
            self._trace(f"{self.venue.step:5} ARMED {done}")
        else:
            self._note_fault(fault, done)
        self.observe()
        return True

    def _note_fault(self, fault: Fault, what: str) -> None:
        self.faults.append(f"step {self.venue.step}: {what}")
        self.kinds.add(fault)
        self._trace(f"{self.venue.step:5} FAULT {what}")

    def _act(self) -> None:
        for told in (self._actions.act(), self.venue.operator.act(self.venue.step)):
            if told:
                self._trace(f"{self.venue.step:5} {told}")
        self.observe()

    def meanwhile(self, station: Station) -> None:
        """Let the others act while a station is in the middle of its step.

        Above all those that have its partitions, too: their snapshots come to stand meanwhile.
        """
        venue = self.venue
        station.busy = True
        for count in range(self.rng.choice((5, 30, 120))):
            self._act()
            if count % 30 == 29:
                venue.log.time_ms += venue.climate.snapshot_every_ms
            if count % 3 == 0:
                for other in venue.beside(station):
                    self.let_step(other)
                    other.connection.deliver(4)
                    self.observe()
        station.busy = False

    def let_step(self, station: Station) -> int:
        """Let a station step; return how many records it took, -1 when it died of it."""
        doom, name = station.doom, station.name
        taken = station.step()
        if taken < 0:
            end, fate = station.end, self.venue.kill(station)
            if doom is not None and end is not None and is_doomed(end):
                self.points[doom.point] += 1
                self._note_fault(crash_at_point, f"{name} dies {end}; {fate}")
            else:
                self._trace(f"{self.venue.step:5} {name} ends: {end}; {fate}")
        elif taken > 0:
            station.check()
            for checker in self.checkers:
                checker.stepped(station)
        return taken

    def observe(self) -> None:
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
            station.stalled_until, station.doom = 0, None
            if station.zombie_until is not None or station.torn:
                venue.kill(station)
        quiet = 0
        for _ in range(_ROUNDS_MAX):
            moved = venue.operator.pass_all()
            for queue in list(venue.senders()):
                moved += len(queue)
                while queue:
                    venue.log.append(queue.popleft())
            self.observe()
            # So that what waits for its time is done: a look around, and the end of a silence.
            venue.log.time_ms += LOOK_AROUND_EVERY_MS if moved else _QUIET_MS
            for station in list(venue.stations):
                if not station.alive:
                    station.start()
                station.connection.batch_max = 1_000
                moved += abs(self.let_step(station))
            quiet = 0 if moved or self._is_behind() or self._must_speak() else quiet + 1
            if quiet == _QUIET_ROUNDS:
                venue.ghosts.clear()
                return
        violate("liveness", "the exchange does not come to rest")

    def _is_behind(self) -> bool:
        """Return whether somebody has something to read, as one whose silence has just ended."""
        return any(
            position < self.venue.log.bounds(INPUTS[station.kind], partition)[1]
            for station in self.venue.stations
            if station.alive
            for partition, position in station.worker.positions.items()
        )

    def _must_speak(self) -> bool:
        """Return whether somebody is silent who has to speak soon: nobody else does."""
        live = [station for station in self.venue.stations if station.alive]
        return any(
            not any(
                one.kind is silent.kind
                and partition in one.partitions
                and partition not in one.worker.silences
                for one in live
            )
            for silent in live
            for partition in silent.worker.silences
        )

    def check_rest(self) -> None:
        """Let every checker look at an exchange at rest."""
        self.sightings.check_dense()
        self.sightings.gaps_allowed = False
        for checker in self.checkers:
            checker.at_rest()
