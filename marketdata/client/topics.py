"""The public topics as a client follows them: from the end on, in threads of their own."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from partita.log.kafka.follower import Follower
from partita.log.kafka.past import PastReader
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.marketdata.client.market import PublicMessage
from partita.marketdata.records import message_of
from partita.marketdata.starts import looks_back
from partita.schemas.feed import FeedBatch, Ticker
from partita.schemas.market_data import Candle, DayTicker, DepthBatch, TradeBatch
from partita.schemas.topics import BOOK, CANDLES, DEPTH, TICKERS, TRADES

_KINDS: dict[str, tuple[type[PublicMessage], ...]] = {
    BOOK: (FeedBatch,),
    DEPTH: (DepthBatch,),
    TRADES: (TradeBatch,),
    TICKERS: (Ticker, DayTicker),
    CANDLES: (Candle,),
}


class Topic:
    """One topic: the partitions that are followed, and the symbols that are wanted."""

    def __init__(
        self,
        bootstrap: str,
        name: str,
        take: Callable[[Sequence[PublicMessage]], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._take = take
        self._fail = fail
        self._partitions: set[int] = set()
        self._followers: list[Follower[PublicMessage]] = []
        # Replaced as a whole at each change: the threads read it.
        self._wanted: frozenset[str] = frozenset()

    async def follow(self, partitions: Mapping[str, int], timeout_s: float) -> None:
        """Follow symbols, by their partitions, from the end as of now on.

        Raises:
            LogUnavailable: no broker answers.
        """
        self._wanted |= partitions.keys()
        new = sorted(set(partitions.values()) - self._partitions)
        if not new:
            return
        reader = Reader(self._bootstrap, self._name)
        try:
            ends = await asyncio.to_thread(reader.ends, new, timeout_s)
        except BaseException:
            reader.close()
            raise
        self._partitions.update(new)
        name = f"{self._name} reader"
        self._followers.append(Follower(reader, ends, self._messages, self._take, self._fail, name))

    async def recent(self, symbols: Mapping[str, int], looks: int) -> list[PublicMessage]:
        """Return what was last said of symbols, in its order: as far back as so many looks go.

        Raises:
            LogUnavailable: no broker answers.
            LogError: the topic cannot be read.
        """
        return await asyncio.to_thread(self._recent, symbols, looks)

    def _recent(self, symbols: Mapping[str, int], looks: int) -> list[PublicMessage]:
        reader, found = PastReader(self._bootstrap, self._name), list[PublicMessage]()
        try:
            for partition in sorted(set(symbols.values())):
                chunks: list[list[Record]] = []
                for records in looks_back(reader, partition):
                    chunks.append(records)
                    if len(chunks) == looks:
                        break
                for records in reversed(chunks):
                    found.extend(self._messages(records, symbols))
        finally:
            reader.close()
        return found

    def _messages(
        self, records: Sequence[Record], wanted: Iterable[str] | None = None
    ) -> list[PublicMessage]:
        """Return what records hold of the wanted symbols. Raises UnknownFingerprint."""
        symbols = self._wanted if wanted is None else wanted
        found: list[PublicMessage] = []
        for record in records:
            if self._name != BOOK and (not record.value or _symbol(record) not in symbols):
                continue
            message = message_of(record, self._name, _KINDS[self._name])
            if message is not None:
                found.append(message)
        return found

    def stop(self) -> None:
        """Ask the threads to end."""
        for follower in self._followers:
            follower.stop()

    def join(self) -> None:
        """Wait until they have; not on the loop."""
        for follower in self._followers:
            follower.join()


def _symbol(record: Record) -> str:
    """Return the symbol of a key: all before the first stroke."""
    return (record.key or b"").decode(errors="replace").partition("/")[0]
