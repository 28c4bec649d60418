"""Listing instruments: the rules go to the books on the log, and to the clients' topic."""

from collections.abc import Iterable

from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.codec import decode, encode
from partita.schemas.instrument import Instrument
from partita.schemas.topics import INSTRUMENTS, ORDERS

_FLUSH_S = 30.0
_READ_S = 1.0


def listed_instruments(bootstrap: str) -> dict[str, Instrument]:
    """Return the instruments of an exchange by symbol, as its clients see them.

    Raises:
        LogUnavailable: no broker answers.
    """
    reader = Reader(bootstrap, INSTRUMENTS)
    try:
        end = reader.ends([0])[0]
        reader.start(reader.starts([0]))
        found: dict[str, Instrument] = {}
        position = 0
        while position < end:
            for record in reader.read(_READ_S):
                position = record.offset + 1
                instrument = decode(record.value)
                assert isinstance(instrument, Instrument), "only instruments are on this topic"
                known = found.get(instrument.symbol)
                if known is None or known.version <= instrument.version:
                    found[instrument.symbol] = instrument
    finally:
        reader.close()
    return found


def list_instruments(bootstrap: str, instruments: Iterable[Instrument]) -> None:
    """List instruments; those that are listed already are left as they are.

    The clients' topic is written first: it is where the numbers are remembered, so that an
    interruption cannot give a number away twice. The books take a rule once, by its version.

    Raises:
        DeliveryFailed: not all is known to be listed; do it again.
    """
    sender = Sender(bootstrap)
    records = [(instrument, encode(instrument)) for instrument in instruments]
    for instrument, value in records:
        sender.send(Outgoing(INSTRUMENTS, 0, instrument.symbol.encode(), value))
    sender.flush(_FLUSH_S)
    for instrument, value in records:
        sender.send(Outgoing(ORDERS, instrument.partition, None, value))
    sender.flush(_FLUSH_S)
