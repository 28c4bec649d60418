"""What a book's events mean to everyone: the order-by-order feed, without accounts."""

from collections.abc import Iterator, Sequence

from partita.matchers.events import BookEvent, Changed, Done, Opened, Traded
from partita.schemas import feed


def feed_events(events: Sequence[BookEvent]) -> Iterator[feed.FeedEvent]:
    """Yield the public events for what followed from one input of a book, in order.

    An amended order that lost its place is shown where it was until what it takes is over, so that
    a reader's book is never crossed; then one event tells where it rests, or that it is done.
    """
    moving = 0
    for event in events:
        match event:
            case Traded():
                yield feed.Traded(
                    event.trade_id,
                    event.maker_order_id,
                    event.taker_order_id,
                    event.taker_side,
                    event.price,
                    event.size,
                )
            case Opened():
                if event.order_id == moving:
                    yield feed.Changed(event.order_id, event.price, event.size)
                else:
                    yield feed.Opened(event.order_id, event.side, event.price, event.size)
            case Changed():
                if event.kept_place:
                    yield feed.Changed(event.order_id, event.price, event.size)
                elif event.request:
                    # Not so when self-trade prevention decreases what comes in: if that was never
                    # in the book it still has to open.
                    moving = event.order_id
            case Done():
                if event.was_open:
                    yield feed.Done(event.order_id, event.outcome, event.size)
            case _:  # refusals are between the book and one account
                pass
