"""Funding the accounts of a tape: many transfers, as fast as they go."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter
from typing import NamedTuple

from partita.deploy.replay.audit import Audit
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.need import Deposit
from partita.producers import Client, Transferred
from partita.schemas.errors import Overloaded

# Unanswered transfers: as for orders, a few batches.
_WINDOW = 8_000
_TURN = 500
_ROOM_S = 0.005


class Funding(NamedTuple):
    """What funding took."""

    transfers: int
    seconds: float

    @property
    def per_s(self) -> int:
        """Transfers a second."""
        return round(self.transfers / self.seconds) if self.seconds else 0


async def fund(
    client: Client,
    ids: RunIds,
    audit: Audit,
    deposits: Iterable[Deposit],
    on_progress: Callable[[int], None],
) -> Funding:
    """Make all transfers, and return when the last one is answered.

    Raises:
        Rejected: the exchange refused a transfer.
        OutcomeUnknown: one was not answered in time.
    """
    start_s, done, failures = perf_counter(), 0, list[BaseException]()
    free = asyncio.Semaphore(_WINDOW)

    def answered(future: "asyncio.Future[Transferred]") -> None:
        nonlocal done
        done += 1
        free.release()
        error = future.exception()
        if error is not None:
            failures.append(error)

    sent = 0
    for sent, deposit in enumerate(deposits, 1):
        await free.acquire()
        if failures:
            break
        name = ids.transfer(sent)
        audit.expect(deposit.account, name, deposit.asset_id, deposit.units)
        submit = partial(
            client.submit_transfer,
            deposit.account,
            deposit.asset,
            deposit.amount,
            transfer_id=name,
        )
        future = await _admitted(submit)
        future.add_done_callback(answered)
        if sent % _TURN == 0:
            on_progress(done)
            await asyncio.sleep(0)
    for _ in range(_WINDOW):
        await free.acquire()
        if failures:
            raise failures[0]
    on_progress(done)
    return Funding(sent, perf_counter() - start_s)


async def _admitted(
    submit: "Callable[[], asyncio.Future[Transferred]]",
) -> "asyncio.Future[Transferred]":
    while True:
        try:
            return submit()
        except Overloaded:
            await asyncio.sleep(_ROOM_S)
