"""What can go wrong. Each fault returns what it did, or None when there was nothing to do it to."""

from collections.abc import Callable, Mapping

from simulation.stations import Kind, Station
from simulation.venue import Venue

from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.feed import FeedBatch
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

Fault = Callable[[Venue, int], str | None]


def _pick(venue: Venue) -> Station | None:
    alive = [s for s in venue.stations if s.alive]
    return venue.rng.choice(alive) if alive else None


def crash_in_step(venue: Venue, _step: int) -> str | None:
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


def crash_between_steps(venue: Venue, _step: int) -> str | None:
    """Kill a worker while what it sent is under way."""
    busy = [s for s in venue.stations if s.alive and s.connection.under_way]
    if not busy:
        return None
    station = venue.rng.choice(busy)
    return f"{station.name} crashes before the acknowledgement; {venue.kill(station)}"


def crash_all(venue: Venue, _step: int) -> str | None:
    """Kill everybody at once."""
    told = [
        f"{s.name}, {venue.kill(s)}"
        for s in [station for station in venue.stations if station.alive]
    ]
    return f"everybody crashes: {'; '.join(told)}" if told else None


def lose_acknowledgement(venue: Venue, _step: int) -> str | None:
    """Let a delivery fail as far as the worker knows."""
    station = _pick(venue)
    if station is None:
        return None
    station.connection.lose_delivery("timed out")
    assert station.step() == -1
    return f"{station.name} does not know what arrived and exits; {venue.kill(station)}"


def stall(venue: Venue, step: int) -> str | None:
    """Freeze a worker for a while."""
    station = _pick(venue)
    if station is None:
        return None
    station.stalled_until = step + venue.rng.randint(20, 150)
    return f"{station.name} is stalled until step {station.stalled_until}"


def zombie(venue: Venue, step: int) -> str | None:
    """Replace a worker that goes on working, at once or after a freeze."""
    station = _pick(venue)
    if station is None or station.zombie_until is not None:
        return None
    name = station.name
    station.zombie_until = step + venue.rng.randint(40, 200)
    if venue.rng.random() < 0.5:
        station.stalled_until = step + venue.rng.randint(10, 100)
    venue.add(station.kind, station.line, station.partitions)
    return f"{name} is replaced, and goes on as a zombie until step {station.zombie_until}"


def second_line(venue: Venue, _step: int) -> str | None:
    """Start a B line of a partition."""
    kind = venue.rng.choice((Kind.LEDGER, Kind.MATCHER))
    partition = venue.rng.randrange(2)
    if any(
        s.line is Line.B and s.kind is kind and partition in s.partitions for s in venue.stations
    ):
        return None
    return f"{venue.add(kind, Line.B, (partition,)).name} starts as a second line"


def rebalance(venue: Venue, _step: int) -> str | None:
    """Move a partition between two workers, or take it away and give it back."""
    station = _pick(venue)
    if station is None or not station.partitions or station.zombie_until is not None:
        return None
    partition = venue.rng.choice(station.partitions)
    owned = station.partitions
    station.own(tuple(p for p in owned if p != partition))
    others = [
        s
        for s in venue.live(station.kind)
        if s.line is station.line and s is not station and s.zombie_until is None
    ]
    if others:
        other = venue.rng.choice(others)
        before = other.name
        other.own(tuple(sorted({*other.partitions, partition})))
        return f"partition {partition} moves to {before}"
    station.own(owned)
    return f"{station.name} loses partition {partition} and gets it back"


def tear(venue: Venue, _step: int) -> str | None:
    """Lose a record in the middle of a stream, unnoticed, as frozen clients have done."""
    busy = [s for s in venue.stations if s.alive and s.connection.under_way]
    if not busy:
        return None
    station = venue.rng.choice(busy)
    under_way = station.connection.under_way
    lost = under_way[venue.rng.randrange(len(under_way))]
    under_way.remove(lost)
    station.connection.lost.append(lost)
    station.torn = True
    return f"a record of {station.name} to {lost.topic} {lost.partition} vanishes"


def poison(venue: Venue, _step: int) -> str | None:
    """Put a record on an input that no machine can take."""
    topic = venue.rng.choice((ACCOUNT_COMMANDS, ORDERS))
    partition = venue.rng.randrange(2)
    stored = venue.log.partitions.get((topic, partition), [])
    kind = venue.rng.choice(("rubbish", "truncated", "wrong topic"))
    if kind == "rubbish":
        value = venue.rng.randbytes(venue.rng.randint(0, 40))
    elif kind == "truncated" and stored:
        whole = venue.rng.choice(stored).value
        value = whole[: venue.rng.randint(2, max(2, len(whole) - 1))]
        # An empty body is a Tick without its seal's length: whole only when nothing was cut.
    else:
        value = encode(FeedBatch(b"", Line.A, ()))
    venue.log.append(Outgoing(topic, partition, None, value))
    return f"{kind} on {topic} {partition}"


def echo(venue: Venue, _step: int) -> str | None:
    """Append records again that have long been on the log, in their order."""
    inputs = [key for key in venue.log.partitions if key[0] in {ACCOUNT_COMMANDS, ORDERS}]
    if not inputs:
        return None
    topic, partition = venue.rng.choice(inputs)
    stored = venue.log.partitions[topic, partition]
    start = venue.rng.randrange(len(stored))
    again = stored[start : start + venue.rng.randint(1, 5)]
    for record in again:
        venue.log.append(Outgoing(topic, partition, record.key, record.value))
    return f"records {start} to {start + len(again) - 1} of {topic} {partition} are appended again"


def clock_back(venue: Venue, _step: int) -> str | None:
    """Let the broker's clock go back, as when another broker leads."""
    back_ms = venue.rng.randint(1, 500)
    venue.log.time_ms -= back_ms
    return f"the broker's clock goes back by {back_ms} ms"


def leap(venue: Venue, _step: int) -> str | None:
    """Let a long time pass: orders expire, commands die, ids are forgotten."""
    ahead_ms = venue.rng.choice((10_000, 61_000, 130_000))
    venue.log.time_ms += ahead_ms
    return f"{ahead_ms} ms pass"


FAULTS: Mapping[Fault, int] = {
    crash_in_step: 6,
    crash_between_steps: 6,
    crash_all: 1,
    lose_acknowledgement: 3,
    stall: 3,
    zombie: 4,
    second_line: 2,
    rebalance: 2,
    tear: 3,
    poison: 2,
    echo: 3,
    clock_back: 1,
    leap: 1,
}
