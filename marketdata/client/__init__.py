"""The market-data client: books, depth, trades, tickers and candles, in step by number.

>>> async def main() -> None:
...     async with MarketDataClient.connecting("localhost:9092") as client:
...         market = await client.subscribe(["BTC-USD"], ["depth", "trades"])
...         print(market.depth("BTC-USD").best_bid)
...         async for message in market:
...             print(message)
"""

from partita.marketdata.client.boxes import Bounds
from partita.marketdata.client.client import MarketDataClient
from partita.marketdata.client.messages import (
    Book,
    BookChange,
    Candles,
    CandleView,
    Channel,
    DayChange,
    Depth,
    DepthChange,
    EventView,
    LevelView,
    Message,
    Notice,
    OrderView,
    TickerChange,
    Trades,
    TradeView,
)
from partita.marketdata.client.subscription import Subscription

__all__ = [
    "Book",
    "BookChange",
    "Bounds",
    "CandleView",
    "Candles",
    "Channel",
    "DayChange",
    "Depth",
    "DepthChange",
    "EventView",
    "LevelView",
    "MarketDataClient",
    "Message",
    "Notice",
    "OrderView",
    "Subscription",
    "TickerChange",
    "TradeView",
    "Trades",
]
