"""Both worker cores on one log: equal words, equal states, equal bytes."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from books.make import limit
from engines.trading import Trading
from engines.world import TOPICS, World
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.ledger.snapshot import from_snapshot
from partita.log import native
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.enums import Line, OrderState, Outcome, Side
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.orders import OrderBatch, OrderGroup
from partita.schemas.reasons import Reason
from partita.schemas.reports import Done, ReportBatch, ReportGroup
from partita.schemas.snapshots import BookSnapshot

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")

SEEDS = st.integers(0, 1 << 32)
STEPS = st.integers(1, 150)


def _failing(world: World, topic: str) -> Message:
    """Return a record of which a machine says something before it fails."""
    snapshot = decode(world.engines[0].snapshots(topic, 0)[0].data, SNAPSHOT_BYTES_MAX)
    if isinstance(snapshot, BookSnapshot):
        end, new = snapshot.from_shards[0], limit(1 << 40, Side.BUY, 1, 1)
        group = OrderGroup(snapshot.instrument.instrument_id, end.number + 1, end.chain, (new, new))
        return OrderBatch(b"", Line.B, 0, (group,))
    state, edges = from_snapshot(snapshot)
    order = next(order for order in state.orders if order.state is OrderState.OPEN)
    end_of = dict(edges.from_books)[order.instrument_id]
    done = Done(order.order_id, Outcome.CANCELLED, Reason.REQUESTED, order.remaining, 0)
    group_of = ReportGroup(order.instrument_id, end_of.number + 1, end_of.chain, (done, done))
    return ReportBatch(b"", Line.B, (group_of,))


def run(seed: int, steps: int, **kinds: float) -> World:
    """Let clients work for so many steps; compare at the end."""
    trading = Trading(Random(seed))
    for _ in range(steps):
        trading.step(**kinds)
    trading.world.settle()
    trading.world.agree(from_the_start="restarts" not in kinds)
    return trading.world


@given(seed=SEEDS, steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_they_say_the_same_of_whatever_clients_send(seed: int, steps: int) -> None:
    """Valid commands and hostile ones, each engine fed with its own words and with the other's."""
    run(seed, steps, hostile=0.3)


@given(seed=SEEDS, steps=STEPS)
@settings(max_examples=50, deadline=None)
def test_they_judge_alike_whatever_stands_on_a_topic(seed: int, steps: int) -> None:
    """Repeats, gaps, other pasts, wrong kinds, rubbish, and records that the operator goes past."""
    run(seed, steps, hostile=0.1, dirt=0.3)


@given(seed=SEEDS, steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_each_goes_on_from_the_others_snapshots(seed: int, steps: int) -> None:
    """Machines that change their engine again and again say what they would have said."""
    run(seed, steps, hostile=0.1, dirt=0.1, restarts=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_long_runs_agree(seed: int) -> None:
    """Some hundred times as much as Hypothesis tries."""
    world = run(seed, 2_500, hostile=0.05, dirt=0.03)

    said = world.engines[0].said
    edges = [edge for of in said.values() for edge in of.events.values()]
    kinds = {kind for edge in edges for _, kind, *_ in edge.values()}
    assert {"Traded", "Filled", "Changed", "Refused", "OrdersCancelled", "Rejected"} <= kinds
    counters = [world.engines[0].cores[topic].counters(at) for topic in TOPICS for at in (0, 1)]
    for seen in ("duplicates_dropped", "gaps_waited", "lines_refused", "dead_letters"):
        assert sum(getattr(counter, seen) for counter in counters), seen


@pytest.mark.parametrize("topic", TOPICS)
def test_a_copy_is_of_then(topic: str) -> None:
    """It is written down in another thread, while the machines go on; and once."""
    trading = Trading(Random(6))
    for _ in range(60):
        trading.step()
    core = next(e for e in trading.world.engines if e.name == "native").cores[topic]
    assert isinstance(core, native.NativeCore)
    then = {name: core.snapshot(0, name) for name in core.machines(0)}
    copies = {name: core.copy(0, name) for name in then}
    for _ in range(60):
        trading.step()

    with ThreadPoolExecutor() as threads:
        written = dict(
            zip(copies, threads.map(lambda write: write(), copies.values()), strict=True)
        )

    assert written == then
    assert then != {name: core.snapshot(0, name) for name in then}
    with pytest.raises(RuntimeError, match="before"):
        next(iter(copies.values()))()
    with pytest.raises(KeyError):
        core.copy(0, "nobody")


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("harm", ["unknown", "asserts"])
def test_both_park_at_the_same_record(topic: str, harm: str) -> None:
    """A schema that is not known, or a machine that fails: what it had said of it is taken back."""
    trading = Trading(Random(5))
    for _ in range(100):
        trading.step()
    world = trading.world
    world.settle()
    world.agree()
    known = world.log.records(topic, 0)[0].value
    bad = known[:2] + bytes(8) + known[10:] if harm == "unknown" else _failing(world, topic)
    world.put(topic, 0, bad)
    for _ in range(50):
        trading.step()
    world.settle()

    one, two = world.engines
    assert [at for at, _ in one.told[topic].parked] == [0]
    assert one.told[topic].parked == two.told[topic].parked
    for of in TOPICS:
        assert one.said[of].events == two.said[of].events
        for at in (0, 1):
            assert one.cores[of].counters(at) == two.cores[of].counters(at)
            assert one.cores[of].next_expiry_ms(at) == two.cores[of].next_expiry_ms(at)
        assert one.cores[of].latest() == two.cores[of].latest()
        one.cores[of].check()
        two.cores[of].check()
