"""The parts of a crash run that decide whether something is wrong, without an exchange."""

from pathlib import Path
from typing import Any

import pytest
from crashes.agreement import disagreements
from crashes.gaps import Gaps
from crashes.schedule import BROKER, Kill, points, random_steps
from crashes.worker_logs import complaints, two_owners
from simulation.market import BTC, INSTRUMENTS, USD
from undisturbed.exchange import UndisturbedExchange

from partita.ledger.state import ShardState
from partita.log.crash_points import POINTS
from partita.matchers.state import BookState
from partita.producers import RawEvent
from partita.schemas.accounts import AccountEvent, Done, Opened, Received
from partita.schemas.commands import Command, Place, Transfer
from partita.schemas.enums import OrderState, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason

LATE_MS = 1_700_000_030_000
KIND = (OrderType.LIMIT, TimeInForce.GTC)


def test_a_schedule_has_the_kills_that_were_asked_for() -> None:
    """One in eight of them is the broker's; a seed gives the same schedule again."""
    steps = list(random_steps(5, 200, ["ledger-1", "matchers-1"]))
    kills = [name for step in steps if isinstance(step, Kill) for name in step.who]

    assert 200 == len(kills)
    assert 20 <= kills.count(BROKER) <= 25
    assert {"ledger-1", "matchers-1", BROKER} == set(kills)
    assert steps == list(random_steps(5, 200, ["ledger-1", "matchers-1"]))


def test_every_named_point_is_dealt_out_once() -> None:
    """Whoever gets it."""
    dealt = [spelt for mine in points("a", "b").points.values() for spelt in mine]

    assert sorted(POINTS) == sorted(spelt.partition(":")[0] for spelt in dealt)


def received(order_id: int, instrument_id: int) -> Received:
    """Return how an order is received."""
    order = (instrument_id, Side.BUY, *KIND, 1, 1)
    return Received(2, f"o{order_id}", order_id, *order, 0, False, SelfTrade.DC, 0, False)


def test_a_death_is_felt_until_the_last_lane_settles_again() -> None:
    """What settles on another lane does not tell that this one is back."""
    now_s = 0.0
    gaps = Gaps({1: 0, 2: 1}, lambda: now_s)

    def hear(at_s: float, *events: AccountEvent) -> None:
        nonlocal now_s
        now_s = at_s
        gaps.hear([RawEvent(0, 1, 1, event) for event in events])

    hear(9.9, received(1, 1), Opened(2, 1, 1), received(2, 2), Opened(2, 2, 1))
    hear(12.0, Done(2, 1, Outcome.FILLED, Reason.NONE, 1, 0))
    assert not gaps.all_back(10.0)
    hear(13.0, Done(2, 2, Outcome.FILLED, Reason.NONE, 1, 0))

    assert gaps.all_back(10.0)
    assert [pytest.approx(3.0), 0] == list(gaps.felt([10.0, 20.0]))
    assert pytest.approx(3.1) == gaps.longest_s()


def test_two_owners_are_seen_in_the_logs(tmp_path: Path) -> None:
    """One took what the other had, before that one knew; in order, there is one at a time."""
    first = tmp_path / "ledger-1.log"
    second = tmp_path / "ledger-2.log"
    first.write_text(
        "2026-01-01 10:00:00,000 INFO ledger owns partition 0, from offset 0\n"
        "2026-01-01 10:00:09,000 INFO ledger owns partition 0 no more\n"
    )
    second.write_text("2026-01-01 10:00:05,000 INFO ledger owns partition 0, from offset 7\n")
    assert 1 == two_owners(tmp_path)

    second.write_text("2026-01-01 10:00:09,500 INFO ledger owns partition 0, from offset 7\n")
    assert 0 == two_owners(tmp_path)


def test_what_no_worker_should_say_is_found(tmp_path: Path) -> None:
    """And what they do say is not."""
    log = tmp_path / "ledger-1.log"
    log.write_text(
        "ledger owns partition 0, from offset 0\nledger PARKED partition 1 at offset 7\n"
    )

    assert ["ledger-1.log: ledger PARKED partition 1 at offset 7"] == complaints(tmp_path)


@pytest.fixture
def states() -> tuple[list[ShardState], list[BookState]]:
    """An exchange at rest on which an order rests."""
    exchange = UndisturbedExchange(INSTRUMENTS, shards=2, partitions=2)
    commands: list[Command] = [
        Transfer(2, "t1", LATE_MS, USD, 10**18),
        Transfer(3, "t2", LATE_MS, BTC, 10**18),
        place(2, "o1", Side.BUY, 5),
        place(3, "o2", Side.SELL, 2),
    ]
    exchange.submit(commands)
    return exchange.states()


def place(account: int, name: str, side: Side, size: int) -> Place:
    """Return an order at the one price."""
    return Place(account, name, LATE_MS, 1, side, *KIND, 100, size, 0, False, SelfTrade.DC, 0)


def test_right_states_agree(states: tuple[list[ShardState], list[BookState]]) -> None:
    """An order was filled in part, over two shards, and the rest of it rests."""
    assert [] == list(disagreements(*states))


@pytest.mark.parametrize(
    ("field", "change", "told"),
    [
        ("orders", {"hold": 1}, "needs"),
        ("orders", {"remaining": 2}, "the ledger has"),
        ("orders", {"state": OrderState.DONE}, "is open in the book only"),
        ("accounts", {"held": 7}, "open orders need"),
        ("accounts", {"available": -7}, "open orders need"),
        ("assets", {"fees": 7}, "sums to"),
        ("clearing", {"amount": 7}, "clearing of instrument 1"),
    ],
)
def test_a_wrong_state_is_told_of(
    states: tuple[list[ShardState], list[BookState]],
    field: str,
    change: dict[str, Any],
    told: str,
) -> None:
    """Whatever of it is wrong."""
    shards, books = states
    (at,) = (n for n, shard in enumerate(shards) if shard.orders and shard.shard == 0)
    rows = list(getattr(shards[at], field))
    rows[0] = rows[0]._replace(**change)
    changed: dict[str, Any] = {field: tuple(rows)}
    shards[at] = shards[at]._replace(**changed)

    assert any(told in text for text in disagreements(shards, books))
