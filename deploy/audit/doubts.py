"""What the comparison of chains leaves open: what is not there, where it parts, what is in between.

The chains say that an edge is as it must be, in one number. Where it is not, or is not all there
yet, what its sender has said is gone over event by event.
"""

from collections.abc import Iterator, Mapping, Sequence

from partita.deploy.audit.again import (
    behind_holes,
    first_difference,
    last_groups,
    of_edge,
    said_groups,
    standing,
    unsent,
    where_it_parts,
)
from partita.deploy.audit.edges import Edge, Group
from partita.deploy.audit.engines import Engines
from partita.deploy.audit.findings import Differences, Kind, Place
from partita.deploy.audit.inputs import saved
from partita.deploy.audit.published import Take, Verdicts
from partita.deploy.audit.reading import START
from partita.deploy.audit.rebuild import Rebuilt, World
from partita.deploy.audit.source import Source
from partita.log.changelog import Changelog
from partita.log.edges import EdgeState

# How many edges are gone over again to say where they part; each takes as long as the replay did.
_LOCATED_MAX = 3


class Doubts:
    """Settles what is left open."""

    def __init__(
        self,
        source: Source,
        engines: Engines,
        world: World,
        rebuilt: Mapping[Place, Rebuilt],
        kept: Mapping[Place, Changelog],
        differences: Differences,
    ) -> None:
        """Start, when all machines are rebuilt; `kept` are their snapshots."""
        self.notes: list[str] = []
        self._source = source
        self._engines = engines
        self._world = world
        self._rebuilt = rebuilt
        self._kept = kept
        self._differences = differences

    def go_over_short(self, verdicts: Sequence[Verdicts], take: Take) -> Iterator[Verdicts]:
        """See whether what is there of an edge is right; yield the verdicts on each partition.

        `take` is given what was said and is not on the log.
        """
        by_home: dict[Place, dict[Edge, EdgeState]] = {}
        holes = self._holes()
        for found in verdicts:
            holes |= found.holes
            for edge, end in found.short.items():
                by_home.setdefault(self._world.homes[edge], {})[edge] = end
        for home, short in by_home.items():
            groups = last_groups(self._rebuilt[home].tail, short)
            if groups is None:
                groups = self._said(home)
            different = unsent(groups, short, take)
            found = Verdicts({}, short, set(), different, {})
            broken = holes & short.keys() - set(different)
            said = saved(self._kept[home]) if broken else {}
            for edge in sorted(broken):
                number = short[edge].number + 1
                what = f"number {number} is missing, and later ones stand there"
                if number <= said.get(edge, START).number:
                    found.holes.add(edge)
                    self._differ(edge, what)
                else:
                    what += ": it comes again when its sender is started again"
                    self.notes.append(f"{edge.text(self._world.symbols)}: {what}")
            for edge in short.keys() - found.holes - set(different):
                started = self._world.started.said.get(edge, START)
                found.agreed[edge] = short[edge].number - started.number
            yield found

    def _holes(self) -> set[Edge]:
        """Return the edges into machines that wait for an event while later ones stand there."""
        taken, found = self._world.ended.taken, dict[Edge, int]()
        for place, one in self._rebuilt.items():
            if one.waiting:
                stretch = one.given.start, one.given.split
                found |= behind_holes(self._source, place, stretch, taken)
        for edge, highest in found.items():
            if highest > self._world.ended.said.get(edge, START).number:
                self._differ(edge, f"number {highest} stands there and was never said")
        return set(found)

    def locate(
        self, verdicts: Sequence[Verdicts], outputs: Mapping[Place, tuple[int, int]]
    ) -> None:
        """Say where the edges part that do; `outputs` are the bounds of the topics."""
        different = [edge for found in verdicts for edge in found.different]
        for at, edge in enumerate(dict.fromkeys(different)):
            where = "what stands there is not what was said"
            self._differ(edge, self._parting(edge, outputs) if at < _LOCATED_MAX else where)

    def _parting(self, edge: Edge, outputs: Mapping[Place, tuple[int, int]]) -> str:
        home, there = self._world.homes.get(edge), Place(edge.topic, edge.partition)
        groups = iter(()) if home is None else self._said(home)
        if there in self._rebuilt:
            given = self._rebuilt[there].given
            stretch = given.start, given.end
            at: EdgeState | None = self._world.started.taken.get(edge, START)
        else:
            stretch = outputs[there]
            at = START if stretch[0] == 0 else None
        last = self._world.ended.said.get(edge, START).number
        stands = standing(self._source, edge, stretch, at)
        return where_it_parts(first_difference(of_edge(groups, edge), stands, last))

    def _said(self, home: Place) -> Iterator[Group]:
        new_core = self._engines.of(home.topic).new_core
        return said_groups(self._source, self._rebuilt[home].given, new_core)

    def _differ(self, edge: Edge, what: str) -> None:
        text = f"{edge.text(self._world.symbols)}: {what}"
        self._differences.add(Kind.EVENT, text, self._world.homes.get(edge))
