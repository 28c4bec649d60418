"""Every machine of the exchange, made anew from the log."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from partita.deploy.audit.edges import Edge, Ends, ends_of
from partita.deploy.audit.findings import Differences, Place
from partita.deploy.audit.inputs import Input
from partita.deploy.audit.replay import Lost, Replay
from partita.deploy.audit.source import Source
from partita.ledger import snapshot as ledger_snapshot
from partita.ledger.state import ShardState
from partita.log.core import WorkerCore
from partita.log.edges import EdgeState
from partita.log.port import Outgoing
from partita.matchers import snapshot as book_snapshot
from partita.matchers.state import BookState
from partita.schemas.codec import decode
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import ShardSnapshot
from partita.schemas.topics import DEAD_LETTERS

# Of what was said last so much is kept, in case it is not on the log yet: some 100,000 events.
_TAIL_BYTES_MAX = 4 << 20

NewCore = Callable[[], WorkerCore]


class Rebuilt(NamedTuple):
    """What became of one partition."""

    given: Input  # its end is where it was parked, if it was
    records: int
    machines: int
    hashes: int
    refused: Mapping[str, int]
    waiting: int  # edges on which something came too early, and nothing since
    parked: str
    letters: Mapping[bytes, bytes]  # SHA-256 of the dead records by the keys of their letters
    tail: Sequence[Outgoing]  # the last that was said
    lost: Sequence[Lost]  # what it was told and an operator's pass went past


@dataclass(slots=True)
class World:
    """All machines as they are at the ends of their inputs."""

    shards: dict[int, ShardState] = field(default_factory=dict)
    books: dict[int, BookState] = field(default_factory=dict)
    rules: dict[int, Instrument] = field(default_factory=dict)
    started: Ends = field(default_factory=lambda: Ends({}, {}))  # at the snapshots
    split: dict[Edge, EdgeState] = field(default_factory=dict)  # what was taken up to the splits
    ended: Ends = field(default_factory=lambda: Ends({}, {}))
    homes: dict[Edge, Place] = field(default_factory=dict)  # the inputs of the edges' senders

    @property
    def symbols(self) -> dict[int, str]:
        """The symbols by instrument_id."""
        return {number: rules.symbol for number, rules in self.rules.items()}


def rebuild(
    source: Source,
    given: Input,
    new_core: NewCore,
    world: World,
    differences: Differences,
    told: Callable[[int], None],
) -> Rebuilt:
    """Rebuild the machines of one partition, and take them into the world.

    A machine that fails at a record leaves a state that is good for nothing: so it is made once
    more, up to there.
    """
    replay, heard = _run(source, given, new_core, told)
    parked = ""
    if replay.parked is not None:
        parked = f"parked at offset {replay.parked.offset}: {replay.parked.reason}"
        end = replay.parked.offset
        given = given._replace(end=end, split=min(given.split, end))
        replay, heard = _run(source, given, new_core, told)
        assert replay.parked is None, "what was applied once is applied again"
    for one in replay.differences.shown:
        differences.add(*one)
    machines = replay.machines()
    for machine in machines:
        if isinstance(machine, ShardSnapshot):
            state, _ = ledger_snapshot.from_snapshot(machine)
            world.shards[state.shard] = state
            for rules in state.instruments:
                world.rules.setdefault(rules.instrument_id, rules)
        else:
            book, _ = book_snapshot.from_snapshot(machine)
            world.books[book.instrument.instrument_id] = book
            world.rules[book.instrument.instrument_id] = book.instrument
        ends = ends_of(machine)
        _take_ends(ends, world.ended)
        world.homes |= dict.fromkeys(ends.said, given.place)
    for snapshot in given.snapshots:
        _take_ends(ends_of(decode(snapshot.data, SNAPSHOT_BYTES_MAX)), world.started)
    world.split.update(replay.at_split.taken)
    return Rebuilt(
        given,
        replay.records,
        len(machines),
        replay.hashes,
        replay.refused,
        replay.waiting(),
        parked,
        heard.letters,
        heard.tail,
        replay.lost,
    )


def _take_ends(ends: Ends, into: Ends) -> None:
    into.taken.update(ends.taken)
    into.said.update(ends.said)


class _Heard:
    """What is kept of all that a partition's machines say."""

    def __init__(self) -> None:
        self.letters: dict[bytes, bytes] = {}
        self.tail: deque[Outgoing] = deque()
        self._bytes = 0

    def take(self, outgoing: Outgoing) -> None:
        if outgoing.topic == DEAD_LETTERS:
            self.letters[outgoing.key or b""] = decode(outgoing.value).sha256
            return
        self.tail.append(outgoing)
        self._bytes += len(outgoing.value)
        while self._bytes > _TAIL_BYTES_MAX:
            self._bytes -= len(self.tail.popleft().value)


def _run(
    source: Source, given: Input, new_core: NewCore, told: Callable[[int], None]
) -> tuple[Replay, _Heard]:
    replay, heard = Replay(new_core(), given, told), _Heard()
    for outgoing in said(source, replay, given):
        heard.take(outgoing)
    return replay, heard


def said(source: Source, replay: Replay, given: Input) -> Iterator[Outgoing]:
    """Yield all that the machines of a partition say."""
    batches = source.records(*given.place, given.start, given.end)
    for outputs in replay.outputs(batches):
        yield from outputs


def refusals(rebuilt: Mapping[Place, Rebuilt]) -> Counter[str]:
    """Return the groups that receivers have refused, by who said them."""
    return sum((Counter(one.refused) for one in rebuilt.values()), Counter[str]())
