"""Going over a partition once more, event by event, where the short way does not tell enough."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.deploy.audit.edges import CHAINS, Edge, Group, groups_of
from partita.deploy.audit.findings import Place
from partita.deploy.audit.inputs import Input
from partita.deploy.audit.published import Take
from partita.deploy.audit.reading import Reading, Taken
from partita.deploy.audit.rebuild import NewCore, said
from partita.deploy.audit.replay import Replay
from partita.deploy.audit.source import Source
from partita.log.edges import EdgeState
from partita.log.port import Outgoing
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Unreadable


class Numbered(NamedTuple):
    """An event with its number."""

    number: int
    time_ms: int
    event: Message


class Found(NamedTuple):
    """Where two streams of one edge part."""

    number: int
    said: Message | None  # None: the machine says nothing of that number
    stands: Message | None  # None: nothing stands there


def said_groups(source: Source, given: Input, new_core: NewCore) -> Iterator[Group]:
    """Yield all that the machines of a partition say, once more."""
    return _decoded(said(source, Replay(new_core(), given), given))


def last_groups(
    tail: Sequence[Outgoing], short: Mapping[Edge, EdgeState]
) -> Iterator[Group] | None:
    """Yield what was said last; None when it does not reach back to where the edges end."""
    left, found = set(short), list[list[Group]]()
    for outgoing in reversed(tail):
        found.append(list(_decoded([outgoing])))
        left -= {
            group.edge
            for group in found[-1]
            if group.edge in left and group.first <= short[group.edge].number + 1
        }
        if not left:
            return (group for groups in reversed(found) for group in groups)
    return None


def _decoded(outgoing: Iterable[Outgoing]) -> Iterator[Group]:
    for one in outgoing:
        if one.topic in CHAINS:
            yield from groups_of(one.topic, one.partition, decode(one.value))


def unsent(groups: Iterable[Group], short: Mapping[Edge, EdgeState], take: Take) -> list[Edge]:
    """Give what was said and does not stand on the log yet; return the edges that differ before.

    `short` has the edges, and the last event that stands of each.
    """
    different: dict[Edge, None] = {}
    for group in groups:
        end = short.get(group.edge)
        if end is None or group.last < end.number or group.edge in different:
            continue
        known = max(0, end.number - group.first + 1)  # of its events
        if group.first <= end.number + 1:
            kind = CHAINS[group.edge.topic]
            if kind.roll(group.chain, group.events[:known], group.time_ms) != end.chain:
                different[group.edge] = None
                continue
        if known < len(group.events):
            take(group.edge, Taken(group.first + known, group.events[known:]))
    return list(different)


def standing(
    source: Source,
    edge: Edge,
    stretch: tuple[int, int],
    at: EdgeState | None,
) -> Iterator[Numbered]:
    """Yield the events that stand of an edge between two offsets, as a reader takes them."""
    reading = Reading(edge, at)
    for group in _groups(source, Place(edge.topic, edge.partition), stretch):
        if group.edge == edge:
            taken = reading.take(group)
            for number, event in enumerate(taken.events, taken.first):
                yield Numbered(number, group.time_ms, event)


def behind_holes(
    source: Source,
    place: Place,
    stretch: tuple[int, int],
    taken: Mapping[Edge, EdgeState],
) -> dict[Edge, int]:
    """Return the highest number on each edge that came while the one behind `taken` was missing."""
    found: dict[Edge, int] = {}
    for group in _groups(source, place, stretch):
        end = taken.get(group.edge)
        if end is not None and group.first > end.number + 1:
            found[group.edge] = max(found.get(group.edge, 0), group.last)
    return found


def _groups(source: Source, place: Place, stretch: tuple[int, int]) -> Iterator[Group]:
    for records in source.records(*place, *stretch):
        for record in records:
            try:
                message = decode(record.value)
            except Unreadable:
                continue
            yield from groups_of(*place, message)


def of_edge(groups: Iterable[Group], edge: Edge) -> Iterator[Numbered]:
    """Yield the events of one edge."""
    for group in groups:
        if group.edge == edge:
            for number, event in enumerate(group.events, group.first):
                yield Numbered(number, group.time_ms, event)


def first_difference(
    said_events: Iterator[Numbered], stands: Iterator[Numbered], last: int
) -> Found | None:
    """Return where what stands first differs from what was said, up to the last number said."""
    mine, theirs = next(said_events, None), next(stands, None)
    while mine is not None and theirs is not None:
        if mine.number < theirs.number:
            mine = next(said_events, None)
        elif theirs.number < mine.number:
            theirs = next(stands, None)
        elif mine != theirs:
            return Found(mine.number, mine.event, theirs.event)
        else:
            mine, theirs = next(said_events, None), next(stands, None)
    if theirs is not None and mine is None:
        while theirs is not None and theirs.number <= last:
            theirs = next(stands, None)
        return None if theirs is None else Found(theirs.number, None, theirs.event)
    return None


def where_it_parts(found: Found | None) -> str:
    """Return for people where two streams part."""
    if found is None:
        return "what stands there is not what was said, and going over it again does not show where"
    if found.said is None:
        return f"number {found.number} was never said, and {_shown(found.stands)} stands there"
    text = f"number {found.number} was said as {_shown(found.said)}, and"
    return f"{text} {_shown(found.stands)} stands there"


def _shown(event: Message | None) -> str:
    text = str(event)
    return text if len(text) <= 200 else text[:197] + "..."
