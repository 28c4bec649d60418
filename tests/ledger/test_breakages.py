"""The random flow has teeth: each of these bugs, put in on purpose, is found by it."""

import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest
from ledger_support.exchange import SHARDS
from ledger_support.flow import Flow
from ledger_support.reuse import Reuse

from partita.ledger.reference import hear, place, settle, state
from partita.ledger.reference.ledger import Ledger
from partita.ledger.reference.memory import Memory
from partita.ledger.reference.shard import ReferenceShard

_STEPS = 400

_BREAKAGES: dict[str, tuple[Callable[..., Any], list[tuple[str, str]]]] = {
    "the hold of a done order is released twice": (
        settle.done,
        [("freed, order.hold = order.hold, 0", "freed, order.hold = 2 * order.hold, 0")],
    ),
    "a done order's hold is not released": (settle.done, [("if freed:", "if False:")]),
    "the improvement is kept as a fee": (
        settle._bought,  # noqa: SLF001 - broken on purpose
        [
            ("available=improvement", "available=0"),
            ("fees=report.fee", "fees=report.fee + improvement"),
        ],
    ),
    "the hold is not reduced by a fill": (
        settle._bought,  # noqa: SLF001 - broken on purpose
        [("order.hold -= freed", "order.hold -= 0")],
    ),
    "a seller's fee is not credited": (
        settle._sold,  # noqa: SLF001 - broken on purpose
        [("fees=report.fee", "fees=0"), ("clearing=-cost", "clearing=report.fee - cost")],
    ),
    "a repeat is not recognised": (
        ReferenceShard.command,
        [("if known is not None:", "if False:")],
    ),
    "a refused amend keeps its top-up": (
        hear.refused,
        [("if asked.top_up:", "if False:")],
    ),
    "an answer to a pending command is lost": (
        Ledger.answer,
        [("self.memory.answer(", "(lambda *_: None)(")],
    ),
    "an open order is forgotten": (
        place._accept,  # noqa: SLF001 - broken on purpose
        [("received, pinned=True", "received, pinned=False")],
    ),
    "ids never end": (
        Memory.find,
        [("known.has_ended(self._time_ms)", "False")],
    ),
    "a done order outlives its id": (
        Ledger.remembers,
        [("if order.state is not _DONE:", "if True:")],
    ),
    "what is used anew is dropped with what it was before": (
        Memory.forget,
        [(".get((account, command_id)) is known", ".get((account, command_id))")],
    ),
    "an id that is extended waits no longer": (
        Memory.forget,
        [("heapq.heappush(self._due, (known.keep_until_ms, account, command_id, known))", "pass")],
    ),
    "an order stays when its id is dropped": (
        Memory.forget,
        [("yield known.answer", "yield from ()")],
    ),
    "a snapshot leaves the number of the last request out": (
        state.snapshot,
        [("request_count=ledger.request_count", "request_count=0")],
    ),
    "a restored shard has no pending top-ups": (
        state.restored,
        [("order.top_up += asked.top_up", "order.top_up += 0")],
    ),
}


def _break(function: Callable[..., Any], changes: list[tuple[str, str]]) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} is there once"
        source = source.replace(old, new)
    made: dict[str, Any] = {}
    exec(source, function.__globals__, made)  # noqa: S102 - our own source, changed on purpose
    broken = made[function.__name__]
    assert isinstance(broken, FunctionType)
    return broken


def _run(seed: int) -> None:
    flow = Flow(seed)
    for number in range(_STEPS):
        flow.step()
        if number % 100 == 75:
            flow.exchange.copy(number // 100 % SHARDS)
        flow.exchange.check()
    flow.exchange.check_at_rest()
    reuse = Reuse(seed, [ReferenceShard(0, 2)])
    for _ in range(2 * _STEPS):
        reuse.step()
        reuse.agree()


@pytest.mark.parametrize("name", _BREAKAGES)
def test_breakage_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some assertion fails, of the shard or of the auditor."""
    function, changes = _BREAKAGES[name]
    monkeypatch.setattr(function, "__code__", _break(function, changes).__code__)
    with pytest.raises((AssertionError, KeyError)):
        _run(seed=1)


def test_without_a_breakage_nothing_is_found() -> None:
    """The same flow over the program as it is."""
    _run(seed=1)
