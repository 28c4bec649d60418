"""What is between two machines: said by the one, and not yet taken by the other."""

from collections.abc import Sequence

from partita.deploy.audit.edges import Edge
from partita.deploy.audit.reading import START, Taken
from partita.deploy.audit.rebuild import World
from partita.schemas.converter import Message
from partita.schemas.orders import NewOrder
from partita.schemas.reports import Report
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS


class Flight:
    """Sorts the events that stand around the ends of the inputs.

    The ends are not one instant: books are rebuilt to a moment later than shards. So nothing that
    a shard has taken was not said by a book; but a book may have taken orders that its shard, as it
    is rebuilt, has yet to give.
    """

    def __init__(self, world: World) -> None:
        self.reports: list[tuple[Edge, Report]] = []  # in the order of each edge's numbers
        self.orders: set[int] = set()  # ids of orders that are on their way to a book
        self.ahead: dict[int, NewOrder] = {}  # orders that only the book knows, by id
        # Reports that an operator's pass went past: they stay in flight for ever.
        self.lost: list[tuple[Edge, Report]] = []
        self._world = world

    def take(self, edge: Edge, taken: Taken) -> None:
        """Take events of an edge."""
        said = self._world.ended.said.get(edge, START).number
        took = self._world.ended.taken.get(edge, START).number
        for number, event in enumerate(taken.events, taken.first):
            if edge.topic == ACCOUNT_COMMANDS:
                if took < number <= said:
                    self.reports.append((edge, event))
            elif edge.topic == ORDERS and isinstance(event, NewOrder):
                if took < number <= said:
                    self.orders.add(event.order_id)
                elif said < number <= took:
                    self.ahead[event.order_id] = event

    def lose(self, edge: Edge, events: Sequence[Message]) -> None:
        """Take events that an operator's pass went past: taken by number, without effect."""
        if edge.topic == ACCOUNT_COMMANDS:
            self.lost += [(edge, event) for event in events]
        else:
            self.orders |= {event.order_id for event in events if isinstance(event, NewOrder)}
