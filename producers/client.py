"""The client: what a program says to the exchange, and what it hears."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from partita.producers import build, results
from partita.producers.answers import OwnOrder
from partita.producers.build import Head, OrderWish
from partita.producers.bulk.bulk import Bulk, connected
from partita.producers.limits import ClientLimits
from partita.producers.pending import Answer
from partita.producers.private import Buffer, Callback, PrivateEvents
from partita.producers.session import Session
from partita.producers.tickers import Tickers
from partita.producers.translate import Translator, balance_view, order_view, totals_views
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
from partita.schemas.accounts import Balance, OrderStatus, Total
from partita.schemas.commands import Cancel, CancelAll
from partita.schemas.decimals import Number
from partita.schemas.enums import OrderState, Question
from partita.schemas.errors import InvalidValue, NoAnswer
from partita.schemas.instrument import Instrument
from partita.schemas.limits import OPEN_ORDERS_PAGE
from partita.schemas.topics import shard_of

DEFAULT_LIMITS = ClientLimits()


class Client:
    """One connection for any number of accounts; to be used on the loop it was made on.

    A command is a coroutine that returns when the exchange has answered, or a `submit_` method that
    returns a future at once, for bulk. Both raise before anything is sent:

    - InvalidValue: names the field, the value and the rule;
    - Overloaded: too much is unanswered;

    and, as the answer:

    - Rejected: refused with a reason; it had no effect;
    - OutcomeUnknown: no answer in time; it says how to find out.

    Numbers are strings, ints or Decimals, in whole coins and dollars; floats are refused.
    """

    def __init__(self, session: Session) -> None:
        """Wrap an open session; programs call `connect`."""
        self._session = session

    @classmethod
    async def connect(
        cls, bootstrap: str, *, limits: ClientLimits = DEFAULT_LIMITS, timeout_s: float = 10.0
    ) -> "Client":
        """Connect to the exchange on a Kafka cluster.

        Raises:
            LogUnavailable: no broker answers there.
            TopicMissing: there is no exchange on the cluster.
            NoAnswer: the ledger does not answer.
        """
        return cls(await Session.open(bootstrap, limits, timeout_s))

    @classmethod
    @asynccontextmanager
    async def connecting(
        cls, bootstrap: str, *, limits: ClientLimits = DEFAULT_LIMITS, timeout_s: float = 10.0
    ) -> AsyncIterator["Client"]:
        """Connect for the length of an `async with`; see `connect`."""
        client = await cls.connect(bootstrap, limits=limits, timeout_s=timeout_s)
        try:
            yield client
        finally:
            await client.aclose()

    async def aclose(self) -> None:
        """Close; what is unanswered becomes OutcomeUnknown, iterators end."""
        await self._session.aclose()

    def bulk(self, timeout_s: float = 10.0) -> AbstractAsyncContextManager[Bulk]:
        """Open a connection for many orders at once (partita.producers.bulk) beside this client."""
        return connected(self._session, timeout_s)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The listed instruments by symbol, as they are now."""
        return self._session.catalogue.instruments

    @property
    def gaps(self) -> int:
        """How often events of the private streams never came; each is also logged."""
        return self._session.gaps

    def position(self, account: int) -> Position:
        """Return how far this client has heard of an account's shard.

        A view at least this new has all that was heard. A command has its own in its answer.
        """
        shard = shard_of(account, self._session.shape.shards)
        return Position(shard, self._session.answers.positions.get(shard, 0))

    # Commands.

    def _head(self, account: int, command_id: str | None, field: str) -> Head:
        session = self._session
        build.whole(account, "account")
        name = session.ids.new() if command_id is None else build.identifier(command_id, field)
        return Head(account, name, session.now_ms() + session.limits.valid_for_ms)

    def submit_place(
        self,
        account: int,
        symbol: str,
        side: str,
        *,
        price: Number | None = None,
        size: Number | None = None,
        funds: Number | None = None,
        type: str | None = None,  # noqa: A002 - the field's word
        time_in_force: str | None = None,
        post_only: bool = False,
        self_trade: str = "dc",
        expire_ms: int | None = None,
        client_order_id: str | None = None,
    ) -> asyncio.Future[Placed]:
        """Submit an order; see `place`."""
        session = self._session
        listed = session.catalogue.listed(symbol)
        wish = OrderWish(
            side, type, time_in_force, price, size, funds, post_only, self_trade, expire_ms
        )
        head = self._head(account, client_order_id, "client_order_id")
        return session.submit(build.place(listed, head, wish, session.now_ms()), results.placed)

    async def place(
        self,
        account: int,
        symbol: str,
        side: str,
        *,
        price: Number | None = None,
        size: Number | None = None,
        funds: Number | None = None,
        type: str | None = None,  # noqa: A002 - the field's word
        time_in_force: str | None = None,
        post_only: bool = False,
        self_trade: str = "dc",
        expire_ms: int | None = None,
        client_order_id: str | None = None,
    ) -> Placed:
        """Place an order; return when the ledger has reserved its funds and sent it to the book.

        Without a type it is a limit order if it has a price, else a market order; without a time in
        force, GTC or IOC. A market buy takes a size, `funds` (what it may cost, fee included), or
        both. What becomes of it: `outcome`, or the private stream. A client_order_id is for one
        order: a repeat gets the first answer, other content is Rejected, duplicate_id.
        """
        return await self.submit_place(
            account,
            symbol,
            side,
            price=price,
            size=size,
            funds=funds,
            type=type,
            time_in_force=time_in_force,
            post_only=post_only,
            self_trade=self_trade,
            expire_ms=expire_ms,
            client_order_id=client_order_id,
        )

    def submit_cancel(
        self, account: int, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> asyncio.Future[Cancelled]:
        """Submit a cancel; see `cancel`."""
        name = build.order_name(order_id, client_order_id)
        command = Cancel(*self._head(account, None, ""), *name)
        return self._session.submit(command, results.cancelled, last=True)

    async def cancel(
        self, account: int, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> Cancelled:
        """Cancel an order by one of its names; return when it is out of the book.

        One that is done already is Rejected with its final state in `detail`.
        """
        return await self.submit_cancel(account, order_id=order_id, client_order_id=client_order_id)

    async def cancel_all(self, account: int, symbol: str) -> CancelledAll:
        """Cancel all orders of the account on a symbol; return when they are out of the book."""
        listed = self._session.catalogue.listed(symbol)
        head = self._head(account, None, "")
        command = CancelAll(*head, listed.instrument.instrument_id)
        return await self._session.submit(command, results.cancelled_all, last=True)

    def submit_amend(
        self,
        account: int,
        *,
        price: Number,
        size: Number,
        order_id: int | None = None,
        client_order_id: str | None = None,
        symbol: str | None = None,
    ) -> asyncio.Future[Amended]:
        """Submit an amend; see `amend`. The symbol must be given for orders of other clients."""
        name = build.order_name(order_id, client_order_id)
        if symbol is None:
            order = self._session.answers.order_named(account, name)
            if order is None:
                rule = "must be given: this client has not seen the order placed"
                raise InvalidValue("symbol", symbol, rule)
            symbol = self._symbol_of(order)
        listed = self._session.catalogue.listed(symbol)
        head = self._head(account, None, "")
        return self._session.submit(build.amend(listed, head, name, price, size), results.amended)

    def _symbol_of(self, order: OwnOrder) -> str:
        return self._session.catalogue.by_id(order.instrument_id).instrument.symbol

    async def amend(
        self,
        account: int,
        *,
        price: Number,
        size: Number,
        order_id: int | None = None,
        client_order_id: str | None = None,
        symbol: str | None = None,
    ) -> Amended:
        """Give an open limit order a new price and total size; return when it has them.

        The size counts what is filled already, so it cannot race with a fill. Less size at the same
        price keeps the order's place; anything else puts it behind the others of its price.
        """
        name = build.order_name(order_id, client_order_id)
        if symbol is None and self._session.answers.order_named(account, name) is None:
            symbol = (await self._order(account, name)).symbol
        return await self.submit_amend(
            account,
            price=price,
            size=size,
            order_id=order_id,
            client_order_id=client_order_id,
            symbol=symbol,
        )

    def submit_transfer(
        self, account: int, asset: str, amount: Number, *, transfer_id: str | None = None
    ) -> asyncio.Future[Transferred]:
        """Submit a transfer; see `transfer`."""
        found = self._session.catalogue.asset(asset)
        head = self._head(account, transfer_id, "transfer_id")
        return self._session.submit(build.transfer(found, head, amount), results.transferred)

    async def transfer(
        self, account: int, asset: str, amount: Number, *, transfer_id: str | None = None
    ) -> Transferred:
        """Move money in (positive) or out (negative); the first one in opens the account.

        A transfer_id counts once for ever: give one of your own where a program may run again.
        """
        return await self.submit_transfer(account, asset, amount, transfer_id=transfer_id)

    # Inquiries: the ledger's own state, in its turn on the log.

    async def _order(self, account: int, name: tuple[int, str]) -> OrderView:
        build.whole(account, "account")
        answer = await self._session.ask(account, Question.ORDER, name)
        return self._order_views(answer)[0]

    def _order_views(self, answer: Answer) -> list[OrderView]:
        catalogue = self._session.catalogue
        return [
            order_view(catalogue, raw, raw.event)
            for raw in answer.parts
            if isinstance(raw.event, OrderStatus)
        ]

    async def order(
        self, account: int, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderView:
        """Return an order by one of its names; done ones are known for a minute or more.

        Raises:
            Rejected: unknown_order. After a command's valid_until that is final: it never came.
            NoAnswer: the ledger does not answer.
        """
        return await self._order(account, build.order_name(order_id, client_order_id))

    async def open_orders(self, account: int) -> list[OrderView]:
        """Return the account's orders that are received or open, oldest first.

        Asked by pages, each true at its own position.
        """
        build.whole(account, "account")
        found: list[OrderView] = []
        while True:
            after = found[-1].order_id if found else 0
            page = await self._session.ask(account, Question.OPEN_ORDERS, (after, ""))
            views = self._order_views(page)
            found += views
            if len(views) < OPEN_ORDERS_PAGE:
                return found

    async def balances(self, account: int) -> dict[str, BalanceView]:
        """Return the account's balances by asset."""
        build.whole(account, "account")
        answer = await self._session.ask(account, Question.BALANCES)
        views = [
            balance_view(self._session.catalogue, raw, raw.event)
            for raw in answer.parts
            if isinstance(raw.event, Balance)
        ]
        return {view.asset: view for view in views}

    async def totals(self) -> dict[str, TotalsView]:
        """Return the sums over all accounts of all shards, by asset."""
        answers = await self._session.ask_totals()
        events = [raw.event for answer in answers for raw in answer.parts]
        found = (event for event in events if isinstance(event, Total))
        return totals_views(self._session.catalogue, found)

    async def outcome(self, account: int, placed: Placed) -> OrderView:
        """Wait until a placed order rests or is done, and return it as it is then.

        Raises:
            NoAnswer: neither came in time; is a matcher running?
        """
        answers, order_id = self._session.answers, placed.order_id
        # Listening begins before asking, so that what happens in between is heard.
        settling = answers.settling(order_id)
        try:
            view = await self.order(account, order_id=order_id)
            if view.state is OrderState.RECEIVED:
                await asyncio.wait_for(settling, self._session.limits.answer_timeout_ms / 1_000)
                view = await self.order(account, order_id=order_id)
        except TimeoutError as error:
            text = f"order {order_id} is on its way to its book, which does not answer"
            raise NoAnswer(f"{text}: is `partita matcher` running?") from error
        finally:
            answers.forget_settling(order_id, settling)
        return view

    # Streams.

    def events(self, *accounts: int) -> PrivateEvents:
        """Return the private stream of some accounts, or of all, from this call on.

        Iterating raises EventsLost when it fell behind (limits.events_buffer), never skips.
        """
        session = self._session
        for account in accounts:
            build.whole(account, "account")
        buffer = Buffer(accounts, session.limits.events_buffer)
        session.listen(buffer)

        async def ask(account: int, order_id: int) -> OrderStatus:
            (found,) = (await session.ask(account, Question.ORDER, (order_id, ""))).parts
            assert isinstance(found.event, OrderStatus), "an order is answered by its status"
            return found.event

        return PrivateEvents(buffer, Translator(session.catalogue), ask, session.forget)

    def listen(self, callback: Callable[[Sequence[RawEvent]], None]) -> Callable[[], None]:
        """Call back with all accounts' events as they are on the log; return what ends that.

        For bulk: batches, on the loop, unfiltered, answers to inquiries among them.
        """
        listener = Callback(callback)
        self._session.listen(listener)
        return lambda: self._session.forget(listener)

    def ticker(self, symbol: str) -> TickerView | None:
        """Return a symbol's best bid and offer and last price; None before the first order.

        Raises:
            InvalidValue: no such symbol.
        """
        return self._session.tickers.view(symbol)

    def tickers(self, *symbols: str) -> Tickers:
        """Return the tickers of some symbols, or of all: first as they are, then as they change.

        It never falls behind: of one symbol only the newest is given.
        """
        return self._session.tickers.follow(symbols)
