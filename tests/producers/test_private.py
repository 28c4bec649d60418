"""The private stream as an iterator: bounded, typed, never silent about a loss."""

import gc
from decimal import Decimal

import pytest
from producers_support.make import BALANCE, BTC_USD, RECEIVED, STATUS, raws

from partita.producers.catalogue import Catalogue
from partita.producers.errors import EventsLost
from partita.producers.events import (
    BalanceChanged,
    CommandAccepted,
    CommandRejected,
    OrderChanged,
    OrderDone,
    OrderFilled,
    OrderOpened,
    OrderReceived,
    PrivateEvent,
)
from partita.producers.private import Buffer, PrivateEvents
from partita.producers.translate import Translator
from partita.producers.views import Position
from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    Answered,
    Changed,
    Done,
    Filled,
    Opened,
    OrderStatus,
    Rejected,
    Total,
)
from partita.schemas.enums import Liquidity, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason

HEAD = (1_000, 7)
ORDER = (1_000, 7, 40, "p1", "BTC-USD")
PAIRS: list[tuple[AccountEvent, tuple[type, tuple[object, ...]]]] = [
    (Opened(7, 40, 20), (OrderOpened, (*ORDER, Decimal("0.0020")))),
    (
        Filled(7, 40, 1, Side.BUY, 3, 99, 5, 9, Liquidity.TAKER),
        (
            OrderFilled,
            (
                *(*ORDER, Side.BUY, 3),
                *(Decimal("0.99"), Decimal("0.0005"), Decimal("0.000009")),
                Liquidity.TAKER,
            ),
        ),
    ),
    (Changed(7, 40, 101, 15), (OrderChanged, (*ORDER, Decimal("1.01"), Decimal("0.0015")))),
    (
        Done(7, 40, Outcome.CANCELLED, Reason.REQUESTED, 5, 15),
        (
            OrderDone,
            (*ORDER, Outcome.CANCELLED, Reason.REQUESTED, Decimal("0.0005"), Decimal("0.0015")),
        ),
    ),
    (
        Done(7, 40, Outcome.FILLED, Reason.NONE, 20, 0),
        (OrderDone, (*ORDER, Outcome.FILLED, None, Decimal("0.0020"), Decimal(0))),
    ),
    (BALANCE, (BalanceChanged, (*HEAD, "USD", Decimal(5), Decimal(1)))),
    (
        Accepted(7, "c1", 40, 1, repeated=False),
        (CommandAccepted, (*HEAD, "c1", 40, 1, False)),
    ),
    (
        Accepted(7, "t1", 0, 0, repeated=True),
        (CommandAccepted, (*HEAD, "t1", None, 0, True)),
    ),
    (
        Rejected(7, "c1", Reason.ORDER_DONE, 40, repeated=False),
        (CommandRejected, (*HEAD, "c1", 40, Reason.ORDER_DONE, False)),
    ),
]


def catalogue() -> Catalogue:
    """Return one that knows BTC-USD."""
    made = Catalogue()
    made.take([BTC_USD])
    return made


class Stream:
    """An iterator with its buffer; `asked` are the orders that the ledger was asked for."""

    def __init__(self, *accounts: int, most: int = 10) -> None:
        self.buffer = Buffer(accounts, most)
        self.asked: list[tuple[int, int]] = []
        self.forgotten: list[Buffer] = []
        translator = Translator(catalogue())
        self.events = PrivateEvents(self.buffer, translator, self.ask, self.forgotten.append)

    async def ask(self, account: int, order_id: int) -> OrderStatus:
        """Answer as the ledger would."""
        self.asked.append((account, order_id))
        return STATUS

    async def next(self) -> PrivateEvent:
        """Return the next event."""
        return await anext(self.events)


async def test_a_received_order_is_told_in_decimals() -> None:
    """With its symbol, and None where a field has no meaning."""
    stream = Stream()
    stream.buffer.take(raws(RECEIVED, first=5))
    expected = OrderReceived(
        position=Position(0, 5),
        time_ms=1_000,
        account=7,
        order_id=40,
        client_order_id="p1",
        symbol="BTC-USD",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal("1.00"),
        size=Decimal("0.0020"),
        funds=None,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=None,
        repeated=False,
    )
    actual = await stream.next()
    assert (OrderReceived, expected) == (type(actual), actual)


@pytest.mark.parametrize(("event", "expected"), PAIRS)
async def test_each_event_is_told_with_its_order(
    event: AccountEvent, expected: tuple[type, tuple[object, ...]]
) -> None:
    """By its symbol and both of its names, known from its start; nobody is asked."""
    stream = Stream()
    stream.buffer.take(raws(RECEIVED, event))
    await stream.next()
    actual = await stream.next()
    assert (expected[0], (Position(0, 2), *expected[1])) == (type(actual), tuple(actual))
    assert not stream.asked


async def test_an_order_from_before_is_asked_for_once() -> None:
    """An event does not tell its symbol, so the ledger does."""
    stream = Stream()
    stream.buffer.take(raws(Opened(7, 40, 20), Changed(7, 40, 100, 15)))
    opened, changed = await stream.next(), await stream.next()
    assert isinstance(opened, OrderOpened)
    assert isinstance(changed, OrderChanged)
    assert ("BTC-USD", "p1") == (opened.symbol, changed.client_order_id)
    assert [(7, 40)] == stream.asked


async def test_parts_of_answers_are_no_events() -> None:
    """They are passed over."""
    stream = Stream()
    stream.buffer.take(raws(STATUS, Total(7, 1, 0, 0, 0, 0, 0), Answered(7, "i", 2), BALANCE))
    assert isinstance(await stream.next(), BalanceChanged)


async def test_only_the_accounts_asked_for_are_told() -> None:
    """Others may stand in the same batch."""
    stream = Stream(7)
    stream.buffer.take(raws(BALANCE._replace(account=8), BALANCE))
    event = await stream.next()
    assert (7, Position(0, 2)) == (event.account, event.position)


async def test_a_reader_that_falls_behind_gets_an_error_after_what_it_has() -> None:
    """Ten fit; the eleventh ends the stream, and nothing after it is given."""
    stream = Stream(most=10)
    stream.buffer.take(raws(*(BALANCE for _ in range(10))))
    stream.buffer.take(raws(BALANCE, first=11))
    stream.buffer.take(raws(BALANCE, first=12))
    assert [(await stream.next()).position.number for _ in range(10)] == list(range(1, 11))
    for _ in range(2):
        with pytest.raises(EventsLost):
            await stream.next()


async def test_a_closed_client_ends_its_streams() -> None:
    """What was there is still given."""
    stream = Stream()
    stream.buffer.take(raws(BALANCE))
    stream.buffer.end(None)
    assert [BalanceChanged] == [type(event) async for event in stream.events]


async def test_a_stream_that_nobody_holds_is_forgotten() -> None:
    """Leaving an `async for` is enough; closing it does the same at once."""
    stream = Stream()
    del stream.events
    gc.collect()
    assert [stream.buffer] == stream.forgotten
    closed = Stream()
    await closed.events.aclose()
    assert [closed.buffer] == closed.forgotten
    with pytest.raises(StopAsyncIteration):
        await anext(closed.events)
