"""The synchronous face: the client's own methods, run on a loop in a thread of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from partita.producers.client import DEFAULT_LIMITS, Client
from partita.producers.limits import ClientLimits
from partita.schemas.instrument import Instrument

P = ParamSpec("P")
R = TypeVar("R")


def _blocking(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["BlockingClient", P], R]:
    """Return a method that waits for the result of the client's."""

    def call(self: "BlockingClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.run(method(self.client, *args, **kwargs))

    call.__name__, call.__doc__ = method.__name__, method.__doc__
    return call


def _called(
    method: Callable[Concatenate[Client, P], R],
) -> Callable[Concatenate["BlockingClient", P], R]:
    """Return a method that calls the client's on its loop."""

    def call(self: "BlockingClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
        async def on_loop() -> R:
            return method(self.client, *args, **kwargs)

        return self.run(on_loop())

    call.__name__, call.__doc__ = method.__name__, method.__doc__
    return call


def _iterating(
    method: Callable[Concatenate[Client, P], AsyncIterator[R]],
) -> Callable[Concatenate["BlockingClient", P], Iterator[R]]:
    """Return a method that gives a plain iterator over what the client's gives."""
    start = _called(method)

    def call(self: "BlockingClient", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        # Not a generator itself: it begins at the call, not at the first step.
        return _each(self, start(self, *args, **kwargs))

    call.__name__, call.__doc__ = method.__name__, method.__doc__
    return call


def _each(client: "BlockingClient", items: AsyncIterator[R]) -> Iterator[R]:
    end = object()

    async def step() -> R | object:
        return await anext(items, end)

    while (item := client.run(step())) is not end:
        yield item  # type: ignore[misc]  # all but `end` are R


class BlockingClient:
    """A client for programs without asyncio; any thread may use it. See Client for each method."""

    def __init__(
        self, bootstrap: str, *, limits: ClientLimits = DEFAULT_LIMITS, timeout_s: float = 10.0
    ) -> None:
        """Connect; see Client.connect."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="partita client", daemon=True
        )
        self._thread.start()
        try:
            self.client = self.run(Client.connect(bootstrap, limits=limits, timeout_s=timeout_s))
        except BaseException:
            self._stop()
            raise

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the client's loop, and wait for it."""
        future: Future[R] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # an interrupt here must not leave it running there
            future.cancel()
            raise

    place = _blocking(Client.place)
    cancel = _blocking(Client.cancel)
    cancel_all = _blocking(Client.cancel_all)
    amend = _blocking(Client.amend)
    transfer = _blocking(Client.transfer)
    order = _blocking(Client.order)
    open_orders = _blocking(Client.open_orders)
    balances = _blocking(Client.balances)
    totals = _blocking(Client.totals)
    outcome = _blocking(Client.outcome)
    position = _called(Client.position)
    ticker = _called(Client.ticker)
    events = _iterating(Client.events)
    tickers = _iterating(Client.tickers)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The listed instruments by symbol, as they are now."""
        return self.client.instruments

    def close(self) -> None:
        """Close; see Client.aclose. Once is enough."""
        if not self._loop.is_closed():
            self.run(self.client.aclose())
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
