"""A tiny machine for tests of the worker: it repeats what it hears, and breaks when told to."""

from collections.abc import Mapping, Sequence

from partita.log.edges import EdgeState, InEdge, OutEdge
from partita.log.outbox import Outbox, Stream
from partita.log.port import Outgoing
from partita.log.reference_core import Judged, Machine, ReferenceCore
from partita.schemas import chain
from partita.schemas.converter import Message
from partita.schemas.digest import Value
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable
from partita.schemas.orders import CancelOrder, OrderBatch, OrderGroup

TOPIC, ECHO, LATEST = "in", "out", "latest"
BREAKS = 13  # an order_id at which the machine fails, after it has said something
STREAM = Stream(
    ECHO,
    0,
    chain.ORDERS,
    lambda edge_id, first, before, _time_ms, events: OrderGroup(edge_id, first, before, events),
    lambda groups: OrderBatch(b"", Line.A, 0, groups),
)


class Echo:
    """Says each cancel again, on one edge to partition 0 of the topic `out`."""

    name = "echo"
    first_offset = 0

    def __init__(self) -> None:
        self.position = 0
        self.taken = 0
        self.heard: list[CancelOrder] = []
        self.due_ms: int | None = None
        self._said = 0
        self._in, self._out = InEdge(), OutEdge()

    @property
    def rows(self) -> int:
        """How many rows its state has."""
        return len(self.heard)

    def take(self, message: Message, offset: int, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Repeat what is new."""
        assert offset >= self.position
        self.taken += 1
        if not isinstance(message, OrderBatch):
            raise Undecodable(f"a {type(message).__name__} is not for an echo")
        judged = []
        for group in message.groups:
            verdict, events = self._in.take(chain.ORDERS, group.first, group.chain, group.events)
            judged.append(Judged(verdict, "test", "echo"))
            for event in events:
                assert isinstance(event, CancelOrder)
                outbox.put(STREAM, 0, 1, self._out, event)
                assert event.order_id != BREAKS, f"{BREAKS} at {time_ms}"
                self.heard.append(event)
        return judged

    def latest(self) -> Sequence[Outgoing]:
        """Return how much was heard, once."""
        said, self._said = self._said, len(self.heard)
        value = b"%d" % self._said
        return [] if said == self._said else [Outgoing(LATEST, 0, b"echo", value)]

    def next_expiry_ms(self) -> int | None:
        """Return what the test has set."""
        return self.due_ms

    def skip(self, message: Message, offset: int) -> None:
        """Take the numbers only."""
        assert offset >= self.position
        if isinstance(message, OrderBatch):
            for group in message.groups:
                self._in.take(chain.ORDERS, group.first, group.chain, group.events)

    def machines(self) -> Mapping[str, Machine]:
        """Return itself."""
        return {"echo": self}

    def edges(self) -> Value:
        """Return the ends of its edges."""
        return self._in.state(), self._out.state()

    def state_hash(self) -> bytes:
        """Return how much was heard."""
        return len(self.heard).to_bytes(4, "big")

    def snapshot(self) -> Message:
        """Return what it has heard, as a batch."""
        ends = (OrderGroup(1, *self._in.state(), ()), OrderGroup(2, *self._out.state(), ()))
        return OrderBatch(b"", Line.A, 0, (*ends, OrderGroup(3, 0, 0, tuple(self.heard))))

    def restore(self, message: Message, position: int) -> None:
        """Be as it was."""
        into, out, heard = message.groups
        self._in = InEdge(EdgeState(into.first, into.chain))
        self._out = OutEdge(EdgeState(out.first, out.chain))
        self.heard = list(heard.events)
        self.position = position

    def check(self) -> None:
        """Assert that nothing was heard that breaks."""
        assert all(event.order_id != BREAKS for event in self.heard)


def echo_core() -> tuple[ReferenceCore, dict[int, Echo]]:
    """Return a core of echoes, and the echoes by partition."""
    echoes: dict[int, Echo] = {}

    def make(partition: int) -> Echo:
        echoes[partition] = Echo()
        return echoes[partition]

    return ReferenceCore(TOPIC, make), echoes
