"""What happens to workers: they die, freeze, are doubled, moved, and replaced by others."""

from simulation.connection import Killed
from simulation.faults.kinds import Armed
from simulation.sightings import COMPACTED
from simulation.stations import Doom, Kind, Station
from simulation.venue import BUILDS, Venue

from partita.log.crash_points import POINTS
from partita.schemas.enums import Line

_PARTITIONS = 2  # of either input
_AT_START = ("read changelog", "opened")  # points to which only a process that starts comes
# Rather at those in the middle of snapshots, to which many processes never come.
_WEIGHTS = {
    "captured": 2,
    "chunk sent": 3,
    "manifest sent": 2,
    "manifest acknowledged": 4,
    "tombstone sent": 4,
    "trimmed": 4,
}


def _pick(venue: Venue) -> Station | None:
    honest = venue.honest()
    return venue.rng.choice(honest) if honest else None


def crash_in_step(venue: Venue) -> str | None:
    """Kill a worker before, between or after the sends of one step."""
    station = _pick(venue)
    if station is None:
        return None
    sends = venue.rng.choice((0, 0, 1, 2, 3))
    station.connection.sends_left = sends
    station.connection.batch_max = venue.rng.choice((1, 5, 1_000))
    taken = station.step()
    if station.connection.sends_left and taken >= 0:
        when = f"after a step of {taken} records"
    else:
        when = f"after send {sends} of a step"
    return f"{station.name} crashes {when}; {venue.kill(station)}"


def crash_at_point(venue: Venue) -> str | None:
    """Let a worker die at a named point, whenever it comes there."""
    station = _pick(venue)
    if station is None or station.doom is not None or station.zombie_until is not None:
        return None
    (point,) = venue.rng.choices(POINTS, [_WEIGHTS.get(point, 1) for point in POINTS])
    doom = Doom(point, venue.rng.choice((1, 1, 1, 2, 3, 7)))
    if doom.point in _AT_START:
        venue.kill(station)
        station.start()
        doom = doom._replace(left=venue.rng.randint(1, len(station.partitions) or 1))
    station.doom = doom
    return Armed(f"{station.name} is to die at {doom}")


def crash_between_steps(venue: Venue) -> str | None:
    """Kill a worker while what it sent is under way, rather in the middle of a snapshot."""
    busy = [s for s in venue.honest() if s.connection.under_way]
    if not busy:
        return None
    if venue.rng.random() < 0.5:
        busy = [
            s for s in busy if any(out.topic in COMPACTED for out in s.connection.under_way)
        ] or busy
    station = venue.rng.choice(busy)
    return f"{station.name} crashes before the acknowledgement; {venue.kill(station)}"


def crash_all(venue: Venue) -> str | None:
    """Kill everybody at once."""
    told = [f"{s.name}, {venue.kill(s)}" for s in venue.honest()]
    return f"everybody crashes: {'; '.join(told)}" if told else None


def lose_acknowledgement(venue: Venue) -> str | None:
    """Let a delivery fail as far as the worker knows."""
    station = _pick(venue)
    if station is None:
        return None
    station.connection.lose_delivery("timed out")
    assert station.step() == -1
    return f"{station.name} does not know what arrived and exits; {venue.kill(station)}"


def stall(venue: Venue) -> str | None:
    """Freeze a worker for a while."""
    station = _pick(venue)
    if station is None:
        return None
    station.stalled_until = venue.step + venue.rng.randint(20, 150)
    return f"{station.name} is stalled until step {station.stalled_until}"


def zombie(venue: Venue) -> str | None:
    """Replace a worker that goes on working, at once or after a freeze."""
    station = _pick(venue)
    if station is None or station.zombie_until is not None:
        return None
    name = station.name
    station.zombie_until = venue.step + venue.rng.choice((venue.rng.randint(40, 200), 400))
    if venue.rng.random() < 0.5:
        station.stalled_until = venue.step + venue.rng.randint(10, 100)
    venue.zombies += 1
    venue.add(station.kind, station.line, station.partitions, build=station.build)
    return f"{name} is replaced, and goes on as a zombie until step {station.zombie_until}"


def second_line(venue: Venue) -> str | None:
    """Start a B line of a partition, of the same build or of another one that does the same."""
    kind = venue.rng.choice((Kind.LEDGER, Kind.MATCHER))
    partition = venue.rng.randrange(_PARTITIONS)
    if any(
        s.line is Line.B and s.kind is kind and partition in s.partitions for s in venue.stations
    ):
        return None
    station = venue.add(kind, Line.B, (partition,), build=venue.rng.choice(BUILDS))
    return f"{station.name} starts as a second line"


def upgrade(venue: Venue) -> str | None:
    """Replace a worker, or all of its kind, by others of another build that does the same."""
    station = _pick(venue)
    if station is None:
        return None
    everybody = venue.rng.random() < 0.3
    told = []
    for one in venue.honest() if everybody else [station]:
        if one.kind is station.kind and one.zombie_until is None:
            fate = venue.kill(one)
            one.build = BUILDS[1 - BUILDS.index(one.build)]
            one.start()
            told.append(f"{one.name}, {fate}")
    return f"replaced by another build: {'; '.join(told)}" if told else None


def rebalance(venue: Venue) -> str | None:
    """Move a partition between two workers, or take it away and give it back."""
    honest = [s for s in venue.honest() if s.partitions and s.zombie_until is None]
    # Rather one that is in the middle of a snapshot.
    honest = [s for s in honest if s.worker.snapshots.under_way] or honest
    if not honest:
        return None
    station = venue.rng.choice(honest)
    partition = venue.rng.choice(station.partitions)
    owned = station.partitions
    others = [
        s for s in honest if s.kind is station.kind and s.line is station.line and s is not station
    ]
    station.own(tuple(p for p in owned if p != partition))
    if others:
        other = venue.rng.choice(others)
        before = other.name
        other.own(tuple(sorted({*other.partitions, partition})))
        return f"partition {partition} moves to {before}"
    station.own(owned)
    return f"{station.name} loses partition {partition} and gets it back"


def read_slowly(venue: Venue) -> str | None:
    """Kill a worker, and let the next one read its changelog while everybody else goes on."""
    honest = [s for s in venue.honest() if s.zombie_until is None]
    # Rather beside another line, whose snapshots go on meanwhile.
    beside = [s for s in honest if venue.beside(s)]
    if not honest:
        return None
    station = venue.rng.choice(beside or honest)
    fate = venue.kill(station)
    station.start()
    station.connection.meanwhile = lambda: venue.meanwhile(station)
    return f"{station.name} is started again and reads slowly; {fate}"


def is_doomed(error: Exception) -> bool:
    """Return whether a station died at a named point."""
    return isinstance(error, Killed) and bool(error.args)
