"""Two shards, two model books, the edges between them, and an auditor with books of its own."""

from collections import Counter, deque

from engines.under_test import new_shard
from ledger_support.model_book import ModelBook
from ledger_support.world import BTC_USD, ETH_USD, NOW

from partita.ledger.abc import Shard, ShardOutput
from partita.ledger.snapshot import ShardEdges, from_snapshot, to_snapshot
from partita.log.edges import EdgeState
from partita.schemas.accounts import Accepted, AccountEvent, Received, Rejected
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Command, Inquire, Transfer
from partita.schemas.enums import OrderState, Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent
from partita.schemas.reasons import Reason
from partita.schemas.reports import Filled, Report

SHARDS = 2
_UNREMEMBERED = (
    Reason.DUPLICATE_ID,
    Reason.COMMAND_EXPIRED,
    Reason.VALID_UNTIL_TOO_FAR,
    Reason.INVALID_ID,
    Reason.INVALID_ACCOUNT,
)


_END = EdgeState(1 << 40, 0xFFFFFFFF)


class Exchange:
    """What is sent arrives in order on each edge, and whenever it likes over the edges."""

    def __init__(self) -> None:
        """List the instruments."""
        self.time_ms = NOW
        self.shards = [new_shard(shard, SHARDS) for shard in range(SHARDS)]
        # Restored from a snapshot at some point, and led through the same inputs ever since.
        self.twins: dict[int, Shard] = {}
        self.books = {rules.instrument_id: ModelBook(rules) for rules in (BTC_USD, ETH_USD)}
        self.to_books: dict[tuple[int, int], deque[OrderEvent]] = {
            (shard, book): deque() for shard in range(SHARDS) for book in self.books
        }
        self.to_shards: dict[tuple[int, int], deque[Report]] = {
            edge: deque() for edge in self.to_books
        }
        self.commands: list[Command] = []
        self.totals: Counter[tuple[int, int]] = Counter()  # by account, asset
        self.answers: Counter[tuple[int, str]] = Counter()
        self.owners: dict[int, tuple[int, Side]] = {}
        for book in self.books.values():
            self.change_rules(book.rules)
        self.drain()

    def change_rules(self, rules: Instrument) -> None:
        """Change a symbol's rules."""
        self.books[rules.instrument_id].rules = rules
        for shard in range(SHARDS):
            self.to_shards[shard, rules.instrument_id].append(rules)

    def submit(self, command: Command) -> ShardOutput:
        """Let a shard apply a command."""
        self.commands.append(command)
        number = command.account % SHARDS
        output = self.shards[number].command(command, self.time_ms)
        if number in self.twins:
            _same(output, self.twins[number].command(command, self.time_ms))
        for book, event in output.orders:
            self.to_books[number, book].append(event)
        for answer in output.events:
            if isinstance(answer, Received) and not answer.repeated:
                self.owners[answer.order_id] = answer.account, answer.side
            is_transfer = isinstance(answer, Accepted) and not answer.repeated
            if is_transfer and isinstance(command, Transfer):
                self.totals[command.account, command.asset_id] += command.amount
        if not isinstance(command, Inquire):
            self._count_answers(output.events)
        return output

    def match(self, edge: tuple[int, int]) -> None:
        """Let a book apply the next event of an edge."""
        if self.to_books[edge]:
            for account, report in self.books[edge[1]].apply(self.to_books[edge].popleft()):
                self.to_shards[account % SHARDS, edge[1]].append(report)

    def tell(self, edge: tuple[int, int]) -> None:
        """Let a shard apply the next report of an edge."""
        if not self.to_shards[edge]:
            return
        number, book = edge
        report = self.to_shards[edge].popleft()
        output = self.shards[number].report(book, report, self.time_ms)
        if number in self.twins:
            _same(output, self.twins[number].report(book, report, self.time_ms))
        if isinstance(report, Filled):
            self._audit_fill(self.books[book].rules, report)
        self._count_answers(output.events)

    def _audit_fill(self, rules: Instrument, report: Filled) -> None:
        account, side = self.owners[report.order_id]
        sign = 1 if side is Side.BUY else -1
        cost = report.price * report.size * rules.notional_unit
        self.totals[account, rules.base_asset_id] += sign * report.size * rules.lot
        self.totals[account, rules.quote_asset_id] -= sign * cost + report.fee

    def _count_answers(self, events: object) -> None:
        assert isinstance(events, tuple)
        for event in events:
            if isinstance(event, Received | Accepted | Rejected) and not event.repeated:
                if isinstance(event, Rejected) and event.reason in _UNREMEMBERED:
                    continue
                self.answers[event.account, event.command_id] += 1
                # Ids are forgotten, but these tests never use one for two commands that count.
                assert self.answers[event.account, event.command_id] == 1, "answered once"

    def copy(self, number: int) -> None:
        """Restore a twin from a shard's snapshot; from now on they must answer alike."""
        twin = new_shard(0, 1)
        state, edges = self.shards[number].snapshot(), ShardEdges((), ((1, _END),), _END)
        record = decode(encode(to_snapshot(state, edges)))  # by way of its bytes
        assert (state, edges) == from_snapshot(record)
        twin.restore(from_snapshot(record)[0])
        self.twins[number] = twin

    def check(self) -> None:
        """Assert the invariants of every shard, and what the auditor knows."""
        for number, shard in enumerate(self.shards):
            shard.check()
            for row in shard.snapshot().accounts:
                expected = self.totals[row.account, row.asset_id]
                assert expected == row.available + row.held, f"the auditor has {expected}: {row}"
            if number in self.twins:
                self.twins[number].check()
                assert shard.snapshot() == self.twins[number].snapshot()
                assert shard.state_hash() == self.twins[number].state_hash()

    def drain(self) -> None:
        """Deliver all that is in flight."""
        while any(self.to_books.values()) or any(self.to_shards.values()):
            for edge in self.to_books:
                self.match(edge)
                self.tell(edge)

    def check_at_rest(self) -> None:
        """Assert what must hold when nothing is in flight: books and shards agree."""
        self.drain()
        self.check()
        clearing: Counter[tuple[int, int]] = Counter()
        for shard in self.shards:
            state = shard.snapshot()
            assert state.requests == (), "all requests are answered"
            for row in state.clearing:
                clearing[row.instrument_id, row.asset_id] += row.amount
            assert sorted(self._resting(shard.shard)) == [
                (
                    order.order_id,
                    order.state,
                    order.price,
                    order.filled,
                    order.remaining,
                    order.hold,
                )
                for order in state.orders
                if order.state is not OrderState.DONE
            ], "book and ledger agree on every order"
        assert not any(clearing.values()), f"clearing sums to zero: {clearing}"

    def _resting(self, shard: int) -> list[tuple[int, OrderState, int, int, int, int]]:
        return [
            (
                order.new.order_id,
                OrderState.OPEN,
                order.price,
                order.filled,
                order.remaining,
                book.hold(order, order.price, order.remaining),
            )
            for book in self.books.values()
            for order in book.resting.values()
            if order.new.account % SHARDS == shard
        ]


def _same(first: ShardOutput, second: ShardOutput) -> None:
    assert first == second
    assert _types(first.events) == _types(second.events)


def _types(events: object) -> list[type[AccountEvent]]:
    assert isinstance(events, tuple)
    return [type(event) for event in events]
