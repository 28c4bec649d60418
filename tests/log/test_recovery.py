"""What a partition starts from: the newest whole snapshot, or the one before, or a refusal."""

from collections.abc import Callable, Sequence

import pytest
from log_machines.bench import CHANGELOG, ROLE, Process, World
from log_machines.machines import TOPIC

from partita.log.changelog import MANIFEST, Key, sha256
from partita.log.memory import MemoryConnection
from partita.log.port import Outgoing, Record
from partita.log.worker import Worker
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.errors import (
    LogError,
    LogTruncated,
    SnapshotMissing,
    TopicRecreated,
    WrongPartitions,
)
from partita.schemas.snapshots import Chunk, Manifest
from partita.schemas.topics import BOOK


def lived(*, trim: bool = True) -> World:
    """Return a world in which a process has taken two snapshots and said some more."""
    world = World()
    process = Process(world.log, ROLE._replace(trim=trim))
    for _ in range(45):
        world.say()
        process.rest()
    assert 2 == len(world.manifests())
    return world


def put(world: World, key: Key, value: bytes) -> None:
    """Overwrite a record of the changelog."""
    world.log.append(Outgoing(CHANGELOG, 0, key.encoded(), value))


def key_of(manifest: Manifest, part: str) -> Key:
    """Return the key of a part of a snapshot."""
    position = manifest.position if part == MANIFEST else manifest.chunks_position
    return Key(manifest.machine, manifest.line, position, part)


def flip(world: World, manifest: Manifest) -> None:
    """Let a bit of a chunk flip."""
    data = world.changelog().data(manifest)
    assert data is not None
    put(world, key_of(manifest, "0"), encode(Chunk(b"", bytes([*data[:-1], data[-1] ^ 1]))))


def lose_chunk(world: World, manifest: Manifest) -> None:
    """Let a chunk vanish."""
    put(world, key_of(manifest, "0"), b"")


def spoil_chunk(world: World, manifest: Manifest) -> None:
    """Let a chunk be no chunk."""
    put(world, key_of(manifest, "0"), b"rubbish")


def spoil_manifest(world: World, manifest: Manifest) -> None:
    """Let a manifest be no manifest."""
    put(world, key_of(manifest, MANIFEST), b"rubbish")


def lose_manifest(world: World, manifest: Manifest) -> None:
    """Let a manifest vanish, its chunks stay."""
    put(world, key_of(manifest, MANIFEST), b"")


def of_another_format(world: World, manifest: Manifest) -> None:
    """Let the snapshot be one that a later build has written."""
    data = b"\xc3\x01" + bytes(8) + b"later"
    put(world, key_of(manifest, "0"), encode(Chunk(b"", data)))
    newer = manifest._replace(chunks=1, size=len(data), sha256=sha256(data))
    put(world, key_of(manifest, MANIFEST), encode(newer))


DAMAGE: list[Callable[[World, Manifest], None]] = [
    flip,
    lose_chunk,
    spoil_chunk,
    spoil_manifest,
    lose_manifest,
    of_another_format,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_snapshot_that_cannot_be_used_is_passed_over(
    damage: Callable[[World, Manifest], None],
) -> None:
    """The one before it is taken, and the operator is told."""
    world = lived()
    newest, older = world.manifests()
    damage(world, newest)

    process = Process(world.log)
    process.rest()

    assert [older.position] == process.notes.opened_at
    assert world.said == process.echo.heard
    # What was taken back by a tombstone is simply not there.
    assert bool(process.notes.alarms) == (damage is not lose_manifest)
    world.say_many(30)
    process.rest()
    assert world.said == process.echo.heard


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_without_any_and_with_a_trimmed_input_the_partition_is_refused(
    damage: Callable[[World, Manifest], None],
) -> None:
    """Nothing is guessed, and nothing is changed."""
    world = lived()
    for manifest in world.manifests():
        damage(world, manifest)
    before = {topic: len(stored) for topic, stored in world.log.partitions.items()}

    with pytest.raises(SnapshotMissing, match="Nothing was changed"):
        Process(world.log).rest()

    assert before == {topic: len(stored) for topic, stored in world.log.partitions.items()}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_without_any_and_with_a_whole_input_it_starts_at_offset_0(
    damage: Callable[[World, Manifest], None],
) -> None:
    """The log is the truth; a snapshot only saves time."""
    world = lived(trim=False)
    for manifest in world.manifests():
        damage(world, manifest)

    process = Process(world.log)
    process.rest()

    assert [0] == process.notes.opened_at
    assert world.said == process.echo.heard


def _recreated(world: World) -> None:
    world.log.topic_ids[BOOK] = "book 2"


def _emptied(world: World) -> None:
    del world.log.partitions[TOPIC, 0][40:]


def _trimmed(world: World) -> None:
    world.log.starts[TOPIC, 0] = world.manifests()[0].position + 1


def _without_changelog(world: World) -> None:
    del world.log.partitions[CHANGELOG, 0]


@pytest.mark.parametrize(
    ("change", "error", "shards"),
    [
        (_recreated, TopicRecreated, 1),
        (_emptied, LogTruncated, 1),
        (_trimmed, LogTruncated, 1),
        (_without_changelog, SnapshotMissing, 1),
        (lambda _: None, WrongPartitions, 2),
    ],
)
def test_a_log_that_is_not_the_one_is_refused(
    change: Callable[[World], None], error: type[LogError], shards: int
) -> None:
    """With an error of its own, a word on what to do, and nothing changed."""
    world = lived()
    change(world)
    before = {topic: len(stored) for topic, stored in world.log.partitions.items()}

    with pytest.raises(error, match="Nothing was changed"):
        Process(world.log, ROLE._replace(shards=shards)).rest()

    assert before == {topic: len(stored) for topic, stored in world.log.partitions.items()}


def test_another_line_may_go_on_while_the_changelog_is_read() -> None:
    """Its newest snapshot stands behind what was the end of the log a moment ago."""
    world = lived()
    other = Process(world.log, ROLE._replace(line=Line.B))
    other.rest()

    class Slow(MemoryConnection):
        """A connection during whose reading of the changelog much happens."""

        def read(self, topic: str, partition: int) -> Sequence[Record]:
            """Return all that stands there, after a while."""
            if topic == CHANGELOG:
                for _ in range(30):
                    world.say()
                    other.rest()
            return super().read(topic, partition)

    process = Process(world.log)
    process.connection = Slow(world.log, TOPIC)
    process.connection.own((0,))
    process.worker = Worker(process.connection, process.core, process.notes, None, ROLE)
    process.rest()

    assert world.said == process.echo.heard


def test_a_torn_first_snapshot_asks_for_nothing() -> None:
    """A machine that no manifest names came after all that they cover: it is made from the log."""
    world = lived()
    newest = world.manifests()[0]
    key = Key("listed later", Line.A, newest.position + 2, "0")
    put(world, key, encode(Chunk(b"", b"torn")))

    process = Process(world.log)
    process.rest()

    assert [newest.position] == process.notes.opened_at
    assert world.said == process.echo.heard


def test_the_newest_of_any_line_is_taken() -> None:
    """A line that was away starts from what the other has written."""
    world = lived()
    line_b = ROLE._replace(line=Line.B)

    process = Process(world.log, line_b)
    process.rest()

    assert [world.manifests()[0].position] == process.notes.opened_at
    assert world.said == process.echo.heard


def test_the_one_before_is_used_with_what_it_still_needs() -> None:
    """After a fall-back new snapshots do not trim the input from under the kept one."""
    world = lived()
    newest, older = world.manifests()
    of_another_format(world, newest)
    process = Process(world.log)
    process.connection.batch_max = 3
    for _ in range(6):
        process.step()
        kept = [m for m in world.manifests() if world.changelog().data(m) is not None]
        assert world.log.starts[TOPIC, 0] <= min(m.position for m in kept)
    assert older.position == process.notes.opened_at[0]


def test_a_place_at_which_two_lines_differ_is_not_used() -> None:
    """One of them is wrong, and nobody knows which: the place before is taken."""
    world = World()
    lines = [Process(world.log, ROLE._replace(line=line)) for line in (Line.A, Line.B)]
    for _ in range(45):
        world.say()
        for process in lines:
            process.rest()
    newest = world.manifests()[0]
    put(world, key_of(newest, MANIFEST), encode(newest._replace(sha256=bytes(32))))

    process = Process(world.log)
    process.rest()

    assert process.notes.opened_at[0] < newest.position
    assert any("two lines differ" in text for text in process.notes.alarms)
    assert world.said == process.echo.heard


def test_a_manifest_that_comes_while_a_partition_is_opened_is_not_ahead_of_the_log() -> None:
    """The other line goes on writing meanwhile."""
    world = lived()
    other = Process(world.log, ROLE._replace(line=Line.B))
    other.rest()
    process = Process(world.log)
    read = process.connection.read

    def slowly(topic: str, partition: int) -> Sequence[Record]:
        for _ in range(15):
            world.say()
            other.rest()
        return read(topic, partition)

    process.connection.read = slowly  # type: ignore[method-assign]  # time passes while it reads
    process.step()
    process.connection.read = read  # type: ignore[method-assign]  # as it was
    process.rest()

    assert world.said == process.echo.heard
