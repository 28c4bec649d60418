"""What a history is made of: one entry for each thing that a client did or heard.

An operation is one call of a client: it is invoked, and later ends in one of three ways, or not at
all. A command that is sent again, under its id, is another operation with the same command.
"""

from typing import NamedTuple

from partita.schemas.accounts import AccountEvent
from partita.schemas.commands import Command
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason


class Began(NamedTuple):
    """The first entry: what the exchange is like."""

    shards: int
    strangers: bool  # accounts that are not in this history trade there, too
    instruments: tuple[Instrument, ...]  # the rules that every shard goes by at the start


class Ruled(NamedTuple):
    """The operator has given a symbol new rules, which shards hear of later, or has listed it."""

    at_ms: int
    instrument: Instrument


class Invoked(NamedTuple):
    """A client has begun an operation: from now on its command may be on the log."""

    op: int  # number of the operation, from 1
    at_ms: int  # the client's clock, milliseconds since 1970
    command: Command


class Ok(NamedTuple):
    """The operation was acknowledged: what the client was told, and where that stands."""

    op: int
    at_ms: int
    shard: int
    number: int  # of the last of the events; the others stand right before it
    time_ms: int  # the shard's time
    events: tuple[AccountEvent, ...]  # the parts of an inquiry's answer, and the answer


class Refused(NamedTuple):
    """The client was told that the command was rejected."""

    op: int
    at_ms: int
    reason: Reason


class Unknown(NamedTuple):
    """The client has given up waiting: the command may or may not have taken effect."""

    op: int
    at_ms: int


class NotSent(NamedTuple):
    """A client was told that nothing was sent (overloaded, closed): no operation, no effect."""

    at_ms: int
    why: str
    command: Command


class Heard(NamedTuple):
    """A client's private stream had an event."""

    client: int  # which client heard it; several may hear the same
    shard: int
    number: int
    time_ms: int  # the shard's time
    event: AccountEvent


Entry = Began | Ruled | Invoked | Ok | Refused | Unknown | NotSent | Heard
