"""Every scenario, on a book alone, of each engine."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from books.make import INSTRUMENT
from engines.under_test import new_book
from scenarios import values as said
from scenarios.parser import ScenarioError, parse

from partita.matchers import events as book_events
from partita.schemas.enums import OrderType, Side
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders, NewOrder

pytestmark = pytest.mark.usefixtures("book_engine")

FILES = sorted(Path(__file__).parent.glob("*.txt"))
SCENARIOS = [found for path in FILES for found in parse(path.read_text("utf-8"), path.name)]

# The runner stands in for the ledger: it numbers the orders, and reserves as much as it takes.
AMPLE = 10**12


class _OnBook:
    """Says a scenario's lines to a book, and its events back in the words of scenarios."""

    def __init__(self, scenario: said.Scenario) -> None:
        self._fees_ppm = scenario.maker_fee_ppm, scenario.taker_fee_ppm
        self.book = new_book(INSTRUMENT._replace(notional_unit=1))
        self._accounts: dict[str, int] = {}
        self._names: list[str] = []  # of the orders; an id is the rank of its name, from 1
        self._requests = 0
        self._time_ms = 1_000

    def do(self, action: said.Action) -> list[said.Expected]:
        """Do one action; return what came of it."""
        if isinstance(action, said.SetStatus):
            rules = self.book.instrument
            assert self.book.change_rules(
                rules._replace(version=rules.version + 1, status=action.status)
            )
            return []
        if isinstance(action, said.Wait):
            self._time_ms += action.ms
            return self._say(self.book.advance(self._time_ms))
        return self._say(self.book.apply(self._order_event(action), self._time_ms))

    def _order_event(
        self, action: said.Place | said.Amend | said.Cancel | said.CancelAll
    ) -> NewOrder | AmendOrder | CancelOrder | CancelOrders:
        account = self._accounts.setdefault(action.account, len(self._accounts) + 1)
        if isinstance(action, said.Place):
            self._names.append(action.name)
            return self._new(action, account)
        self._requests += 1
        if isinstance(action, said.CancelAll):
            return CancelOrders(account, self._requests)
        order_id = self._names.index(action.name) + 1
        if isinstance(action, said.Cancel):
            return CancelOrder(order_id, account, self._requests)
        return AmendOrder(order_id, account, action.price, action.size, AMPLE, self._requests)

    def _new(self, place: said.Place, account: int) -> NewOrder:
        bought = place.type is OrderType.MARKET and place.side is Side.BUY
        return NewOrder(
            order_id=len(self._names),
            account=account,
            side=place.side,
            type=place.type,
            time_in_force=place.time_in_force,
            price=place.price,
            size=place.size,
            funds=place.funds or (AMPLE if bought else 0),
            post_only=place.post_only,
            self_trade=place.self_trade,
            expire_ms=self._time_ms + place.live_ms if place.live_ms else 0,
            maker_fee_ppm=self._fees_ppm[0],
            taker_fee_ppm=self._fees_ppm[1],
        )

    def _say(self, events: Sequence[book_events.BookEvent]) -> list[said.Expected]:
        return [self._said(event) for event in events]

    def _said(self, event: book_events.BookEvent) -> said.Expected:
        if isinstance(event, book_events.OrdersCancelled):
            return said.OrdersCancelled(event.count)
        if isinstance(event, book_events.Traded):
            maker, taker = self._name(event.maker_order_id), self._name(event.taker_order_id)
            return said.Traded(maker, taker, event.size, event.price)
        name = self._name(event.order_id)
        if isinstance(event, book_events.Opened):
            return said.Opened(name, event.size, event.price)
        if isinstance(event, book_events.Changed):
            return said.Changed(name, event.size, event.price)
        if isinstance(event, book_events.Done):
            return said.Done(name, event.outcome, event.size, event.reason)
        return said.Refused(name, event.reason)

    def _name(self, order_id: int) -> str:
        return self._names[order_id - 1]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_scenario(scenario: said.Scenario) -> None:
    """What the text says comes of each line, and the book at the end."""
    runner = _OnBook(scenario)
    for step in scenario.steps:
        happened = runner.do(step.action)
        runner.book.check()
        place = f"{scenario.source}, line {step.line}"
        assert _typed(step.expected) == _typed(happened), place
    for side, levels in ((Side.BUY, scenario.bids), (Side.SELL, scenario.asks)):
        depth = [said.BookLine(*level) for level in runner.book.depth(side, 100)]
        assert list(levels) == depth, scenario.source


def _typed(values: Sequence[said.Expected]) -> list[tuple[str, said.Expected]]:
    return [(type(value).__name__, value) for value in values]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("alice buy 1 @ 2 as a1", "x:1"),
        ("scenario: s\nalice buys 1 @ 2 as a1\nbook", "x:2"),
        ("scenario: s\n=> open a1 1 @ 2\nbook", "x:2"),
        ("scenario: s\nalice cancel a1\n=> done a1 vanished 1 requested\nbook", "x:3"),
        ("scenario: s\nbook\nbid 100 1", "x:3"),
        ("scenario: s\nwait 5", "x:1"),
        ("scenario: s\nwait 5\nscenario: t\nbook", "x:1"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, place: str) -> None:
    """A typing error in a scenario is refused, with its file and line; nothing is passed over."""
    with pytest.raises(ScenarioError, match=place):
        parse(text, "x")


def test_there_are_scenarios() -> None:
    """The table is found, and no two of it share a title."""
    titles = [scenario.title for scenario in SCENARIOS]
    assert len(titles) >= 20
    assert sorted(set(titles)) == sorted(titles)
