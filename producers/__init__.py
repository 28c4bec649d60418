"""producers: the SDK. Place, cancel, amend, transfer, inquire, private stream.

>>> async def main() -> None:
...     async with Client.connecting("localhost:9092") as client:
...         await client.transfer(7, "USD", "1000")
...         placed = await client.place(7, "BTC-USD", "buy", price="64000.01", size="0.01")
...         print(await client.outcome(7, placed))
"""

from partita.producers.blocking import BlockingClient
from partita.producers.client import Client
from partita.producers.errors import ClientClosed, EventsLost
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
from partita.producers.limits import ClientLimits
from partita.producers.views import (
    Amended,
    BalanceView,
    Cancelled,
    CancelledAll,
    OrderView,
    Placed,
    Position,
    RawEvent,
    TickerView,
    TotalsView,
    Transferred,
)

__all__ = [
    "Amended",
    "BalanceChanged",
    "BalanceView",
    "BlockingClient",
    "Cancelled",
    "CancelledAll",
    "Client",
    "ClientClosed",
    "ClientLimits",
    "CommandAccepted",
    "CommandRejected",
    "EventsLost",
    "OrderChanged",
    "OrderDone",
    "OrderFilled",
    "OrderOpened",
    "OrderReceived",
    "OrderView",
    "Placed",
    "Position",
    "PrivateEvent",
    "RawEvent",
    "TickerView",
    "TotalsView",
    "Transferred",
]
