"""Both shards, step by step: equal answers, equal values, equal hashes."""

from random import Random

import pytest
from engines.clients import Clients
from engines.world import RULES, SHARDS, START_MS
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_support.flow import Flow
from ledger_support.reuse import Reuse
from records.strategies import messages

from partita.ledger.abc import Shard, ShardOutput
from partita.ledger.engines import ENGINES
from partita.log import native
from partita.schemas.commands import Command, CommandBatch

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")


def both() -> tuple[Shard, Shard]:
    """Return a shard of each engine that has heard of the instruments."""
    shards = ENGINES["reference"].shard(0, SHARDS), ENGINES["native"].shard(0, SHARDS)
    for shard in shards:
        for rules in RULES:
            shard.report(rules.instrument_id, rules, START_MS)
    return shards


def typed(output: ShardOutput) -> list[object]:
    """Return an answer with types: named tuples of different types compare equal as tuples."""
    orders = [(at, type(order).__name__, order) for at, order in output.orders]
    return [orders, [(type(event).__name__, event) for event in output.events]]


def assert_same(one: Shard, two: Shard, command: Command, time_ms: int) -> None:
    """Apply a command to both."""
    assert typed(one.command(command, time_ms)) == typed(two.command(command, time_ms))
    assert one.state_hash() == two.state_hash()


@given(
    batch=messages("partita.commands.CommandBatch"),
    times=st.lists(st.integers(0, (1 << 63) - 1), min_size=4, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_any_command_has_one_answer(batch: CommandBatch, times: list[int]) -> None:
    """Any 64-bit values and any texts, at any time."""
    one, two = both()
    for command, time_ms in zip(batch.commands, times, strict=False):
        assert_same(one, two, command, time_ms)
    assert one.snapshot() == two.snapshot()


@given(seed=st.integers(0, 1 << 32), steps=st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_hostile_clients_have_one_answer(seed: int, steps: int) -> None:
    """Commands that nearly do something, with edges of the number range and odd texts."""
    (one, two), random, time_ms = both(), Random(seed), START_MS
    clients = Clients(random)
    commands = clients.funding()
    for _ in range(steps):
        time_ms = max(0, time_ms + random.choice((0, 1, 500, 30_000, -3)))
        make = random.choice((clients.command, clients.hostile))
        commands.append(make(time_ms))
        clients.sent.append(commands[-1])
    for command in commands:
        assert_same(one, two, command, time_ms)
    one.check()
    two.check()
    assert one.snapshot() == two.snapshot()


@pytest.mark.parametrize("seed", range(20, 24))
def test_trading_has_one_answer(seed: int) -> None:
    """Two shards and two books, each shard beside one of the other engine."""
    flow = Flow(seed)
    exchange = flow.exchange
    for number, shard in enumerate(exchange.shards):
        exchange.twins[number] = ENGINES["native"].shard(0, 1)
        exchange.twins[number].restore(shard.snapshot())
    for step in range(800):
        flow.step()
        if step % 10 == 0:
            exchange.check()
    exchange.check_at_rest()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_forgotten_has_one_answer(seed: int) -> None:
    """Ids used anew after pauses, each engine at its own pace; and one restored in between."""
    native_shard = ENGINES["native"].shard
    one, two, three = ENGINES["reference"].shard(0, 2), native_shard(0, 2), native_shard(0, 2)
    flow = Reuse(seed, [one, two, three])
    for step in range(1_000):
        flow.step()
        if step % 100 == 0:
            three.restore(one.snapshot())
        if step % 10 == 0:
            flow.agree()
    flow.agree()
