"""One replay, from the first transfer to the last proof."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from partita.deploy.replay.audit import Audit
from partita.deploy.replay.figures import Figures, conservation, volumes
from partita.deploy.replay.funding import Funding, fund
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.latency import percentiles
from partita.deploy.replay.need import deposits
from partita.deploy.replay.sender import Sender
from partita.deploy.tape.reader import read_tape
from partita.producers import Client, ClientLimits, RawEvent, TotalsView
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import VALID_UNTIL_AHEAD_MS_MAX

# A killed worker replays its partition before it answers, so answers may take as long as a command
# can be valid at most. The windows of sender and funding are narrower than the client's.
LIMITS = ClientLimits(
    window=20_000,
    oldest_ms=VALID_UNTIL_AHEAD_MS_MAX,
    answer_timeout_ms=VALID_UNTIL_AHEAD_MS_MAX,
    valid_for_ms=VALID_UNTIL_AHEAD_MS_MAX,
)
_CONNECT_S = 60.0
_PROGRESS_S = 0.1
# How long money may be in flight after the last order has settled: its counterparty's leg.
_REST_S = 60.0
_AGAIN_S = 0.05


class Progress(Protocol):
    """Who is shown how far it is."""

    def begin(self, what: str, total: int | None) -> None:
        """A part begins; total is None when not known."""

    def at(self, done: int) -> None:
        """So much of the part is done."""


class Wish(NamedTuple):
    """What to replay, and how."""

    tape: Path
    rows: int
    fund: bool
    factor: float | None  # divides the tape's times; None: as fast as it goes


async def replay(bootstrap: str, wish: Wish, progress: Progress) -> Figures:
    """Replay a tape on the exchange at an address; return when all is settled and checked.

    Raises:
        TapeError: the tape cannot be read.
        InvalidValue: the tape has no times, and is to be replayed at theirs.
        NoAnswer, LogUnavailable, TopicMissing: the exchange is not there, or stopped answering.
    """
    _check_times(wish)
    async with Client.connecting(bootstrap, limits=LIMITS, timeout_s=_CONNECT_S) as client:
        instruments = {rules.instrument_id: rules for rules in client.instruments.values()}
        audit, ids = Audit(instruments), RunIds(secrets.token_hex(4))
        sender = Sender(client, ids, wish.factor)

        def take(events: Sequence[RawEvent]) -> None:
            sender.take(events)
            audit.take(events)

        stop_listening = client.listen(take)
        # The audit's first Totals; what comes on the stream behind them is accounted for.
        await client.totals()
        funding = await _fund(client, ids, audit, wish, progress) if wish.fund else None
        progress.begin("replay", wish.rows)
        await _watched(sender, wish, progress)
        progress.begin("waiting until nothing is in flight", None)
        totals = await _at_rest(client)
        stop_listening()
        audit.close()
        return _figures(wish, sender, funding, totals, audit, instruments)


def _check_times(wish: Wish) -> None:
    if wish.factor is not None and all(not row.time_ms for row in read_tape(wish.tape)):
        raise InvalidValue("speed", f"{wish.factor:g}", "must be max: this tape has no times")


async def _fund(
    client: Client, ids: RunIds, audit: Audit, wish: Wish, progress: Progress
) -> Funding:
    planned = list(deposits(read_tape(wish.tape), client.instruments))
    progress.begin("fund", len(planned))
    return await fund(client, ids, audit, planned, progress.at)


async def _watched(sender: Sender, wish: Wish, progress: Progress) -> None:
    """Send and settle, telling how far it is."""

    async def tell() -> None:
        while True:
            progress.at(sender.following.settled)
            await asyncio.sleep(_PROGRESS_S)

    telling = asyncio.create_task(tell())
    try:
        await sender.send(read_tape(wish.tape))
        await sender.settle()
    finally:
        telling.cancel()
    progress.at(sender.following.settled)


async def _at_rest(client: Client) -> Mapping[str, TotalsView]:
    """Return the totals once nothing is in flight, or as they are when that takes too long."""
    deadline_s = monotonic() + _REST_S
    while True:
        totals = await client.totals()
        if monotonic() > deadline_s or not any(view.clearing for view in totals.values()):
            return totals
        await asyncio.sleep(_AGAIN_S)


def _figures(
    wish: Wish,
    sender: Sender,
    funding: Funding | None,
    totals: Mapping[str, TotalsView],
    audit: Audit,
    instruments: Mapping[int, Instrument],
) -> Figures:
    following = sender.following
    seconds = max(0.0, following.last_settled_s - sender.first_sent_s)
    return Figures(
        tape=str(wish.tape),
        rows=wish.rows,
        sent=sender.sent,
        accepted=following.accepted,
        rejected=dict(following.rejections.most_common()),
        unknown=following.unknown,
        trades=len(following.trades),
        volumes=volumes(following, instruments),
        seconds=round(seconds, 3),
        settled_per_s=round(following.settled / seconds) if seconds else 0,
        latency=percentiles(following.latencies_s),
        funding=funding,
        conservation=conservation(totals, audit),
    )
