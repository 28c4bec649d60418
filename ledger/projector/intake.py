"""What the projector takes from one partition of the log, by number, and how far it is."""

import logging
from collections.abc import Sequence
from itertools import chain

from partita.ledger.projector.fold import Fold, Told, UnknownOrder
from partita.ledger.store.errors import StoreDamaged
from partita.ledger.store.port import Store
from partita.ledger.store.rows import CandleRow, Progress, Rows, Source, TradeRow
from partita.log.edges import EdgeState, InEdge, Verdict
from partita.log.port import Record
from partita.schemas.accounts import AccountEventBatch
from partita.schemas.chain import ACCOUNT_EVENTS as CHAIN
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Undecodable
from partita.schemas.market_data import Candle, TradeBatch

_LOGGER = logging.getLogger("partita.projector")


class Intake:
    """One partition: `take` records, then `fold` them with the store's rows, again if need be."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress  # as it is when all that was taken is folded and written
        self.pending = 0  # events, taken and not folded yet

    @property
    def offset(self) -> int:
        """The next record to read."""
        return self.progress.offset

    def take(self, record: Record) -> None:
        """Take a record; what no schema could give is told of and passed over.

        Raises:
            UnknownFingerprint: it was written by a newer build.
        """
        try:
            self._take(decode(record.value))
        except Undecodable as error:
            where = f"{self.progress.source.topic}/{record.partition}@{record.offset}"
            _LOGGER.warning("%s: a record is passed over: %s", where, error)
        self.progress = self.progress._replace(offset=record.offset + 1)

    def _take(self, message: Message) -> None:
        raise NotImplementedError

    def fold(self, store: Store) -> Rows:
        """Return the rows that what was taken makes, without progress.

        Raises:
            StoreError: nothing is folded; call it again.
        """
        raise NotImplementedError


class AccountIntake(Intake):
    """One shard's private stream: each event once, in the order of the numbers."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self._edge = InEdge(EdgeState(progress.number, progress.chain))
        self._fold = Fold(progress.cause)
        self._told: list[Told] = []
        self._trouble: Verdict | None = None  # what was told of last

    def _take(self, message: Message) -> None:
        if not isinstance(message, AccountEventBatch):
            raise Undecodable(f"a {type(message).__name__} does not belong here")
        if message.shard != self.progress.source.partition:
            raise Undecodable(f"shard {message.shard} does not speak here")
        for first, past, time_ms, events in message.groups:
            verdict, new = self._edge.take(CHAIN, first, past, events, time_ms)
            if verdict is Verdict.TAKEN:
                self._told.append(Told(self._edge.number - len(new) + 1, time_ms, new))
                self.pending += len(new)
            self._tell(verdict, first)

    def _tell(self, verdict: Verdict, first: int) -> None:
        """Say once what is beside the rule, until it goes on."""
        if verdict is Verdict.TAKEN:
            self._trouble = None
        elif verdict in (Verdict.GAP, Verdict.REFUSED) and verdict is not self._trouble:
            self._trouble, shard = verdict, self.progress.source.partition
            if verdict is Verdict.GAP:
                text = f"events up to {first - 1} are missing behind {self._edge.number}; waiting"
            else:
                text = f"a line says another past before event {first}; its word is not taken"
            _LOGGER.warning("shard %d: %s", shard, text)

    def fold(self, store: Store) -> Rows:
        """Return the rows that what was taken makes; see Intake."""
        orders, balances = self._fold.wanted(self._told)
        self._fold.give(
            store.load_orders(orders) if orders else {},
            store.load_balances(balances) if balances else {},
        )
        try:
            for told in self._told:
                self._fold.take(told)
        except UnknownOrder as error:
            raise StoreDamaged(store.place, f"{error.args[0]}, and its events go on") from error
        self._told, self.pending = [], 0
        number, past = self._edge.state()
        self.progress = self.progress._replace(number=number, chain=past, cause=self._fold.cause)
        return self._fold.drain()


class MarketIntake(Intake):
    """One partition of trades or candles: rows as they are told, repeats and all.

    Each row has a name and is whole, so nothing waits for what is missing: it comes later, and
    finds its place.
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self._trades: dict[tuple[int, int], TradeRow] = {}
        self._candles: dict[tuple[int, int, int], CandleRow] = {}

    def _take(self, message: Message) -> None:
        match message:
            case TradeBatch():
                for trade_id, trade in enumerate(message.trades, message.first):
                    row = TradeRow(message.instrument_id, trade_id, *trade)
                    self._trades[row[:2]] = row
                self.pending += len(message.trades)
            case Candle():
                candle = CandleRow(*message[1:])
                before = self._candles.get(candle[:3])
                if before is None or before.last_trade_id < candle.last_trade_id:
                    self._candles[candle[:3]] = candle
                self.pending += 1
            case _:
                raise Undecodable(f"a {type(message).__name__} does not belong here")

    def fold(self, store: Store) -> Rows:  # noqa: ARG002 - these rows stand on no others
        """Return the rows; see Intake."""
        rows = Rows(trades=tuple(self._trades.values()), candles=tuple(self._candles.values()))
        self._trades, self._candles, self.pending = {}, {}, 0
        self.progress = self.progress._replace(number=self.progress.offset)
        return rows


def begin(source: Source) -> Progress:
    """Return the progress of a source that nothing was taken of."""
    return Progress(source, offset=0, number=0, chain=0)


def joined(made: Sequence[Rows]) -> Rows:
    """Return rows of several sources as one; their keys are apart."""
    return Rows._make(
        tuple(chain.from_iterable(rows[at] for rows in made)) for at in range(len(Rows._fields))
    )
