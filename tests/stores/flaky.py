"""A driver's session that times out: before a statement arrives, or after it was done.

The server beneath is real. What is injected is what a network does: whoever asked cannot tell
whether it happened.
"""

import random
from collections.abc import Callable
from typing import Any

from cassandra import ConsistencyLevel, OperationTimedOut, WriteTimeout, WriteType


class _Failed:
    """A future that has failed already, or that fails once another one has come."""

    def __init__(self, error: Exception, behind: Any = None) -> None:
        self._error = error
        self._behind = behind

    def add_callbacks(
        self,
        callback: Callable[..., None],  # noqa: ARG002 - the driver's own names
        errback: Callable[..., None],
        callback_args: tuple[Any, ...] = (),  # noqa: ARG002 - as the driver calls it
        errback_args: tuple[Any, ...] = (),
    ) -> None:
        def fail(*_: Any) -> None:
            errback(self._error, *errback_args)

        if self._behind is None:
            fail()
        else:
            self._behind.add_callbacks(fail, fail)

    def clear_callbacks(self) -> None:
        """Do nothing: it is over."""


class Flaky:
    """Wraps a session; `share` of its calls end in a time-out, by a seed."""

    def __init__(self, session: Any, seed: int, share: float) -> None:
        self._session = session
        self._random = random.Random(seed)
        self._share = share
        self.before = self.after = self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Run a statement, or seem not to have."""
        error = self._before()
        if error is not None:
            raise error
        result = self._session.execute(*arguments, **options)
        error = self._after()
        if error is not None:
            raise error
        return result

    def execute_async(self, *arguments: Any, **options: Any) -> Any:
        """Begin to run a statement, or seem not to be able to."""
        error = self._before()
        if error is not None:
            return _Failed(error)
        future = self._session.execute_async(*arguments, **options)
        error = self._after()
        if error is None:
            return future
        return _Failed(error, behind=future)  # it is done, and nobody hears of it

    def _before(self) -> Exception | None:
        self.calls += 1
        if self._random.random() >= self._share / 2:
            return None
        self.before += 1
        error: Exception = OperationTimedOut(last_host="injected before")
        return error

    def _after(self) -> Exception | None:
        # Of what is left, so that both halves are equal.
        if self._random.random() >= self._share / (2 - self._share):
            return None
        self.after += 1
        error: Exception = WriteTimeout(
            "injected after", consistency=ConsistencyLevel.QUORUM, write_type=WriteType.SIMPLE
        )
        return error
