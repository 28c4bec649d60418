"""The errors of a client beside those of partita.schemas.errors."""

from partita.schemas.errors import PartitaError


class EventsLost(PartitaError):
    """A stream of events cannot go on without a hole: it fell behind, or some never came."""


class ClientClosed(PartitaError):
    """The client was closed; nothing was sent."""
