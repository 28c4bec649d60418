"""Snapshots as they come to stand on the changelogs: whole, never overwritten, always enough.

What is damaged on purpose is not seen here: it is what was written that counts.
"""

from dataclasses import dataclass, field

from simulation.checkers.base import Checker
from simulation.oracle import Key, Standing, split
from simulation.sightings import COMPACTED, EdgeName, Noted, Sightings, Tombstone
from simulation.stations import CHANGELOGS, INPUTS, Station
from simulation.venue import Venue

from partita.schemas.snapshots import Manifest
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, LEDGER_CHANGELOG, ORDERS

_OUTPUTS = {LEDGER_CHANGELOG: (ORDERS, ACCOUNT_EVENTS)}  # of a shard; of a book:
_OF_BOOKS = (ACCOUNT_COMMANDS, BOOK)


@dataclass
class Stood:
    """A manifest that came to stand on a changelog."""

    topic: str
    partition: int
    manifest: Manifest
    lasts: dict[EdgeName, int]  # what its machine's outputs had come to by then


@dataclass
class _Shelf:
    values: dict[Key, bytes] = field(default_factory=dict)
    manifests: dict[Key, Manifest] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)

    def usable(self, start: int) -> dict[str, set[int]]:
        """Return by machine the positions from a start on at which a whole snapshot stands."""
        found: dict[str, set[int]] = {}
        for (machine, line, position, _), manifest in self.manifests.items():
            parts = range(manifest.chunks)
            chunks = ((machine, line, manifest.chunks_position, str(part)) for part in parts)
            if position >= start and all(chunk in self.values for chunk in chunks):
                found.setdefault(machine, set()).add(position)
        return found


class Changelogs(Checker):
    """What stands there at each moment."""

    name = "changelogs"

    def __init__(self, venue: Venue, sightings: Sightings) -> None:
        super().__init__(venue)
        self.stood: list[Stood] = []
        self._sightings = sightings
        self._shelves: dict[tuple[str, int], _Shelf] = {}

    def note(self, noted: Noted) -> None:
        """Follow what stands there."""
        if noted.topic not in COMPACTED:
            return
        record, message = noted.record, noted.message
        shelf = self._shelves.setdefault((noted.topic, record.partition), _Shelf())
        assert record.key is not None
        key = split(record.key)
        if isinstance(message, Tombstone):
            shelf.values.pop(key, None)
            shelf.manifests.pop(key, None)
            self._require_ground(noted.topic, record.partition)
            return
        known = shelf.values.get(key, record.value)
        shelf.values[key] = record.value
        if isinstance(message, Manifest):
            self._take_manifest(noted, key, message, shelf)
        else:
            self.require(known == record.value, f"{key} had other bytes")

    def _take_manifest(self, noted: Noted, key: Key, manifest: Manifest, shelf: _Shelf) -> None:
        before = shelf.manifests.get(key, manifest)
        # A process that took over may have written the same state down anew.
        same = manifest._replace(chunks_position=before.chunks_position, build=before.build)
        if self.venue.log.back_ms > 0:  # then it may not know the largest time
            same = same._replace(time_ms=before.time_ms)
        self.require(before == same, f"{key} said {before}, now {manifest}")
        shelf.manifests[key] = manifest
        shelf.born.update({birth.machine: birth.first_offset for birth in manifest.machines})
        whole = Standing(shelf.values, {}).data(manifest) is not None
        if not whole:
            name, line, _, _ = key
            parts = range(manifest.chunks)
            chunks = (f"{name}/{line}/{manifest.chunks_position}/{part}" for part in parts)
            torn = any(chunk.encode() in self.venue.torn for chunk in chunks)
            self.require(torn, f"the manifest {key} stands there without all of its chunks")
        if noted.topic == LEDGER_CHANGELOG:
            sender = noted.record.partition
        else:
            sender = next(
                number
                for number, rules in self.venue.rules.items()
                if rules.symbol == manifest.machine
            )
        lasts = self._sightings.lasts(_OUTPUTS.get(noted.topic, _OF_BOOKS), sender)
        self.stood.append(Stood(noted.topic, noted.record.partition, manifest, lasts))

    def trimmed(self, station: Station, partition: int) -> None:
        """Require that what is left begins at or below snapshots of every machine."""
        self._require_ground(CHANGELOGS[station.kind], partition)

    def _require_ground(self, topic: str, partition: int) -> None:
        (of,) = (INPUTS[kind] for kind, name in CHANGELOGS.items() if name == topic)
        start = self.venue.log.starts.get((of, partition), 0)
        if start == 0:
            return
        shelf = self._shelves[topic, partition]
        # A process that has been replaced may take the older one away, never both.
        least = 1 if self.venue.zombies else 2
        usable = shelf.usable(start)
        for machine, first_offset in shelf.born.items():
            positions = usable.get(machine, set())
            self.require(
                len(positions) >= least or first_offset >= start,
                f"{of} {partition} begins at {start}, and {machine} has snapshots at {positions}",
            )
