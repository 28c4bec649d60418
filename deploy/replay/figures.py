"""What a replay found, as values: for the table, for JSON, for tests."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from partita.deploy.replay.audit import Audit
from partita.deploy.replay.following import Following
from partita.deploy.replay.funding import Funding
from partita.deploy.replay.latency import Percentiles
from partita.producers import TotalsView
from partita.schemas.decimals import Increments, from_steps, unit
from partita.schemas.instrument import Instrument


class Volume(NamedTuple):
    """What was traded of a symbol; a trade counts once."""

    symbol: str
    trades: int
    base: Decimal
    quote: Decimal


class Conservation(NamedTuple):
    """Whether the money adds up: by the shards' own sums, and by the private stream.

    ok: per asset available + held + fees + clearing + external is zero over all shards, nothing is
    in flight (clearing is zero), and the stream's transfers, fills and fees account for every
    balance and every sum. Only a difference is a failure; when others made transfers at the time,
    the stream cannot tell, and says so.
    """

    ok: bool
    totals: tuple[TotalsView, ...]  # of the assets that have money
    in_flight: tuple[str, ...]  # assets whose clearing accounts are not zero
    stream_differences: tuple[str, ...]
    stream_difference_count: int
    balances_compared: int
    totals_compared: int
    foreign_transfers: int

    @property
    def differences(self) -> dict[str, Decimal]:
        """The sum per asset where it is not zero."""
        return {view.asset: view.difference for view in self.totals if view.difference}


class Figures(NamedTuple):
    """What a replay found."""

    tape: str
    rows: int
    sent: int
    accepted: int
    rejected: dict[str, int]  # by reason
    unknown: int  # no answer came, and asking did not tell
    trades: int
    volumes: tuple[Volume, ...]
    seconds: float  # from the first command sent to the last one settled
    settled_per_s: int
    latency: Percentiles  # from planned send time to settled; at full speed from the submit
    funding: Funding | None
    conservation: Conservation


def volumes(following: Following, instruments: Mapping[int, Instrument]) -> tuple[Volume, ...]:
    """Return what was traded, by symbol; instruments by their number."""
    found = []
    for instrument_id, lots in following.volumes.items():
        rules = instruments[instrument_id]
        quote = following.notionals[instrument_id] * rules.notional_unit
        found.append(
            Volume(
                rules.symbol,
                sum(1 for one, _ in following.trades if one == instrument_id),
                Increments.of(rules).size(lots),
                from_steps(quote, unit(rules.quote_decimals)),
            )
        )
    return tuple(sorted(found))


def conservation(totals: Mapping[str, TotalsView], audit: Audit) -> Conservation:
    """Return whether the money adds up, at the end of a run."""
    moved = tuple(view for view in totals.values() if any(view[1:]))
    in_flight = tuple(view.asset for view in moved if view.clearing)
    adds_up = all(view.difference == 0 for view in moved)
    return Conservation(
        ok=adds_up and not in_flight and not audit.difference_count,
        totals=moved,
        in_flight=in_flight,
        stream_differences=tuple(audit.differences),
        stream_difference_count=audit.difference_count,
        balances_compared=audit.balances_compared,
        totals_compared=audit.totals_compared,
        foreign_transfers=audit.foreign_transfers,
    )
