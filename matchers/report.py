"""What a book's events mean to the shards of the accounts concerned."""

from collections.abc import Iterator, Sequence

from partita.matchers.events import BookEvent, Changed, Done, Opened, OrdersCancelled, Traded
from partita.schemas import reports as report
from partita.schemas.enums import Liquidity


def reports(events: Sequence[BookEvent]) -> Iterator[tuple[int, report.Report]]:
    """Yield (account, report) for what followed from one input of a book, in order."""
    reopened = 0  # an amended order that lost its place is still open when it rests again
    for event in events:
        match event:
            case Traded():
                yield (
                    event.maker_account,
                    report.Filled(
                        event.maker_order_id,
                        event.trade_id,
                        event.price,
                        event.size,
                        event.maker_fee,
                        Liquidity.MAKER,
                    ),
                )
                yield (
                    event.taker_account,
                    report.Filled(
                        event.taker_order_id,
                        event.trade_id,
                        event.price,
                        event.size,
                        event.taker_fee,
                        Liquidity.TAKER,
                    ),
                )
            case Opened():
                if event.order_id != reopened:
                    yield event.account, report.Opened(event.order_id, event.size)
            case Changed():
                # What self-trade prevention decreases as it comes in (request 0) has yet to open.
                if event.request and not event.kept_place:
                    reopened = event.order_id
                yield (
                    event.account,
                    report.Changed(
                        event.order_id, event.price, event.size, event.top_up, event.request
                    ),
                )
            case Done():
                yield (
                    event.account,
                    report.Done(
                        event.order_id, event.outcome, event.reason, event.size, event.request
                    ),
                )
            case OrdersCancelled():
                yield event.account, report.OrdersCancelled(*event)
            case refused:
                yield (
                    refused.account,
                    report.Refused(
                        refused.order_id, refused.reason, refused.top_up, refused.request
                    ),
                )
