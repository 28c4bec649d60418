"""What happens to snapshots: they rot; and a build reads them that does otherwise."""

from simulation.damage import KINDS
from simulation.defects import DivergedBook
from simulation.machines import Engines
from simulation.oracle import readable, standing
from simulation.stations import CHANGELOGS, INPUTS, PARTITIONS, Kind
from simulation.venue import Venue

from partita.schemas.enums import Line
from partita.schemas.snapshots import BookSnapshot


def rot(venue: Venue) -> str | None:
    """Damage a snapshot where it stands, rather the newest; another one of its machine is left."""
    kind = venue.rng.choice((Kind.LEDGER, Kind.MATCHER))
    partition = venue.rng.randrange(2)
    topic = CHANGELOGS[kind]
    records = venue.log.records(topic, partition)
    start = venue.log.starts.get((INPUTS[kind], partition), 0)
    usable = {
        machine: found
        for machine, found in standing(records).usable(start).items()
        # Those with chunks of their own: what an idle machine renews would rot with them.
        if len({m.chunks_position for m, _ in found}) >= 2
    }
    if not usable:
        return None
    found = usable[venue.rng.choice(sorted(usable))]
    manifest = found[-1 if venue.rng.random() < 0.8 else 0][0]
    how = venue.rng.choice(KINDS)
    venue.damage.rot(topic, partition, manifest, how, venue.rng)
    where = f"{manifest.machine}, line {manifest.line}, at {manifest.position}"
    return f"{how} in the snapshot of {where}"


def do_otherwise(venue: Venue) -> str | None:
    """Start a matcher of a build that does otherwise, where its silence must find it out.

    That is where a book has traded between the snapshot it begins with and a newer one: it would
    have told of those trades twice.
    """
    partition = venue.rng.randrange(PARTITIONS)
    records = venue.log.records(CHANGELOGS[Kind.MATCHER], partition)
    start = venue.log.starts.get((INPUTS[Kind.MATCHER], partition), 0)
    for found in standing(records).usable(start).values():
        trades = [_trade_id(data) for _, data in found]
        if trades[0] < trades[-1]:
            break
    else:
        return None
    engines = Engines(venue.engines.new_shard, DivergedBook)
    station = venue.add(Kind.MATCHER, Line.B, (partition,), engines=engines, build="three")
    station.rogue = True
    name = station.name
    if station.step() < 0:  # so that it begins with what stands there now
        venue.kill(station)
    return f"{name} starts, which tells of each trade twice"


def _trade_id(data: bytes) -> int:
    message = readable(data)
    assert isinstance(message, BookSnapshot)
    return message.trade_id
