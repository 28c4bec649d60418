"""The whole exchange in one process: the log, the stations, and what is under way between them."""

import random
from collections import deque
from collections.abc import Callable, Iterator

from simulation.broker import Broker, Place
from simulation.clients import Clients
from simulation.climate import Climate
from simulation.damage import Damage
from simulation.machines import Engines
from simulation.passing import Operator
from simulation.stations import INPUTS, PARTITIONS, SHARDS, Kind, Station, Surroundings

from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ORDERS

START_MS = 1_700_000_000_000
BUILDS = ("one", "two")  # which do the same


class Venue:
    """The log and everybody on it."""

    def __init__(
        self, rng: random.Random, engines: Engines, climate: Climate, engine_rng: random.Random
    ) -> None:
        self.rng = rng
        self.engines = engines
        self.climate = climate
        self.step = 0
        self.log = Broker(START_MS)
        self.clients = Clients(rng, lambda: self.log.time_ms, climate.appetites)
        self.around = Surroundings(self.log, rng, climate, engine_rng, self.elsewhere)
        self.operator = Operator(self.log, self._move_beside)
        self.damage = Damage(self.log)
        self.stations: list[Station] = []
        self.ghosts: list[deque[Outgoing]] = []  # what dead stations left under way
        self.rules: dict[int, Instrument] = {}  # the newest that the operator has given
        self.zombies = 0  # there have been so many
        self.torn: set[bytes | None] = set()  # keys of records that vanished
        # What the others do while a station is in the middle of a step.
        self.meanwhile: Callable[[Station], None] = lambda _station: None
        for kind, count in ((Kind.LEDGER, SHARDS), (Kind.MATCHER, PARTITIONS)):
            lines = (Line.A, Line.B) if rng.random() < 0.4 else (Line.A,)
            for line in lines:
                self._staff(kind, line, count)

    def _staff(self, kind: Kind, line: Line, count: int) -> None:
        """Let one station own all partitions of a line, or one each."""
        everything = tuple(range(count))
        shares = [everything] if self.rng.random() < 0.5 else [(at,) for at in everything]
        for share in shares:
            self.add(kind, line, share)

    def add(
        self,
        kind: Kind,
        line: Line,
        partitions: tuple[int, ...],
        *,
        engines: Engines | None = None,
        build: str = BUILDS[0],
    ) -> Station:
        """Start a station, with engines of its own or the venue's."""
        station = Station(self.around, kind, line, partitions, engines or self.engines, build)
        self.stations.append(station)
        return station

    def give_rules(self, instrument: Instrument) -> None:
        """Give the rules of a symbol."""
        self.rules[instrument.instrument_id] = instrument
        self.log.append(Outgoing(ORDERS, instrument.partition, None, encode(instrument)))

    def senders(self) -> Iterator[deque[Outgoing]]:
        """Give all queues of records under way."""
        yield from self.clients.queues
        yield from self.ghosts
        for station in self.stations:
            if station.alive:
                yield station.connection.under_way

    def live(self, kind: Kind) -> list[Station]:
        """Return the stations of a kind that are alive."""
        return [s for s in self.stations if s.alive and s.kind is kind]

    def honest(self) -> list[Station]:
        """Return the stations to which a fault may happen now."""
        return [s for s in self.stations if s.alive and not s.rogue and not s.busy]

    def elsewhere(self, station: Station, partition: int) -> bool:
        """Return whether another line's station has a partition of a station now."""
        return any(partition in s.partitions for s in self.of_other_lines(station))

    def of_other_lines(self, station: Station) -> list[Station]:
        """Return the live stations of other lines of a station's kind."""
        return [s for s in self.live(station.kind) if s.line is not station.line]

    def beside(self, station: Station) -> list[Station]:
        """Return those of other lines that have a partition of a station, and can step now."""
        return [
            s
            for s in self.of_other_lines(station)
            if not s.busy
            and s.stalled_until <= self.step
            and not set(station.partitions).isdisjoint(s.partitions)
        ]

    def _move_beside(self, place: Place) -> None:
        """Take what workers parked at a place have beside it away, and give it back."""
        topic, partition, _ = place
        for station in self.honest():
            if INPUTS[station.kind] == topic and partition in station.stopped:
                owned = station.partitions
                station.own(tuple(p for p in owned if p in station.stopped))
                station.own(owned)

    def kill(self, station: Station) -> str:
        """End a process; what it had under way meets one of four fates. Return which."""
        station.alive = False
        left = deque(station.connection.under_way)
        station.connection.under_way.clear()
        fate = self.rng.choice(("all of it arrives", "all lost", "some lost", "the rest late"))
        count = len(left)
        if fate == "all lost":
            left.clear()
        elif fate == "all of it arrives":
            while left:
                self.log.append(left.popleft())
        else:
            # Each destination is a connection's request of its own: a prefix of each arrives.
            ends: dict[tuple[str, int], bool] = {}
            rest: deque[Outgoing] = deque()
            for out in left:
                to = out.topic, out.partition
                ends[to] = ends.get(to, False) or self.rng.random() < 0.4
                if ends[to]:
                    rest.append(out)
                else:
                    self.log.append(out)
            if fate == "the rest late":
                self.ghosts.append(rest)
        if station.zombie_until is not None or station.rogue:
            self.stations.remove(station)
        return f"of {count} records under way: {fate}"
