"""Listing instruments: the rules go to the clients' topic, and to the books on the log.

The clients' topic (`instruments`) is where numbers are remembered; what its records mean, and which
are void, `partita.schemas.listing` says. It is compacted, so the last record of a symbol is what
will be left of it: whoever writes sees to it that this is the one that counts.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from partita.log.kafka.past import PastReader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.errors import PartitaError, Undecodable
from partita.schemas.instrument import Instrument
from partita.schemas.listing import VOID_VERSION, Listing
from partita.schemas.topics import INSTRUMENTS, ORDERS

_LOGGER = logging.getLogger("partita.deploy")

_FLUSH_S = 30.0
# How often to begin again when others write at the same time. Each time somebody has succeeded.
_ATTEMPTS = 10


class ListedAtOnce(PartitaError):
    """Others list instruments at the same time, again and again; nothing was passed to a book."""


class ClientsTopic(NamedTuple):
    """What the clients' topic holds."""

    instruments: Mapping[str, Instrument]  # the rules that count, by symbol
    last: Mapping[str, Instrument]  # the last record of each symbol, whether it counts or not
    times_ms: Mapping[str, int]  # log time of the record that counts, by symbol


def clients_topic(bootstrap: str) -> ClientsTopic:
    """Return what clients are told.

    Raises:
        LogUnavailable: no broker answers.
        UnknownFingerprint: a record is of a newer build.
    """
    listing, last, times_ms = Listing(), dict[str, Instrument](), dict[str, int]()
    reader = PastReader(bootstrap, INSTRUMENTS)
    try:
        for record in reader.records(0):
            if (rules := _rules(record)) is not None:
                last[rules.symbol] = rules
                if listing.take(rules):
                    times_ms[rules.symbol] = record.time_ms
    finally:
        reader.close()
    return ClientsTopic(listing.instruments, last, times_ms)


def _rules(record: Record) -> Instrument | None:
    if not record.value:
        return None  # a tombstone
    where = f"{INSTRUMENTS}/{record.partition}@{record.offset}"
    try:
        message = decode(record.value)
    except Undecodable as error:
        _LOGGER.warning("%s is passed over: %s", where, error)
        return None
    if not isinstance(message, Instrument):
        _LOGGER.warning("%s is passed over: a %s", where, type(message).__name__)
        return None
    return message


def listed_instruments(bootstrap: str) -> dict[str, Instrument]:
    """Return the instruments of an exchange by symbol, as its clients see them.

    Raises:
        LogUnavailable: no broker answers.
    """
    return dict(clients_topic(bootstrap).instruments)


def claim(
    bootstrap: str, sender: Sender, make: Callable[[Mapping[str, Instrument]], list[Instrument]]
) -> Mapping[str, Instrument]:
    """Write new instruments to the clients' topic; return all that are listed then, by symbol.

    `make` returns the new ones from those that are listed. It is called again when another operator
    was faster with a number: what has lost it is void, and gets another.

    Raises:
        ListedAtOnce: others were faster each time.
        InvalidValue, OSError: what `make` raises.
        DeliveryFailed: not all is known to be written; do it again.
    """
    for _ in range(_ATTEMPTS):
        new = make(clients_topic(bootstrap).instruments)
        if new:
            _write(sender, map(_for_clients, new))
        told = tell_clients(bootstrap, sender, ())
        if all(told.get(rules.symbol) == rules for rules in new):
            return told
    raise ListedAtOnce(
        f"other operators listed instruments at the same time, {_ATTEMPTS} times in a row; nothing"
        " was passed to a book. Try again"
    )


def tell_clients(
    bootstrap: str, sender: Sender, announced: Iterable[Instrument]
) -> Mapping[str, Instrument]:
    """Write to the clients' topic what books have announced; return the rules that count then.

    The last record of each symbol becomes the one that counts, whoever wrote it where: a slow
    operator may have written an older version behind a newer one, and compaction would keep that.

    Raises:
        LogUnavailable: no broker answers.
        ListedAtOnce: others wrote something else, again and again.
        DeliveryFailed: not all is known to be written; do it again.
    """
    wanted = {rules.symbol: rules for rules in announced}
    for _ in range(_ATTEMPTS):
        topic = clients_topic(bootstrap)
        for symbol, rules in topic.instruments.items():
            if symbol not in wanted or wanted[symbol].version < rules.version:
                wanted[symbol] = rules
        due = [rules for symbol, rules in wanted.items() if topic.last.get(symbol) != rules]
        if not due:
            return wanted
        # A void record is covered before newer rules of the symbol that has its number: compaction
        # removes the older ones, and nothing would say any more that it is void.
        void = [
            rules._replace(version=VOID_VERSION)
            for symbol, rules in topic.last.items()
            if symbol not in wanted and rules.version != VOID_VERSION
        ]
        _write(sender, map(_for_clients, [*void, *due]))
    raise ListedAtOnce("other operators changed rules at the same time, again and again; try again")


def write_rules(sender: Sender, instruments: Iterable[Instrument]) -> None:
    """Write rules to the books; those take a version once, and an older one never.

    Raises:
        DeliveryFailed: not all is known to be written; do it again.
    """
    _write(
        sender, [Outgoing(ORDERS, rules.partition, None, encode(rules)) for rules in instruments]
    )


def list_instruments(bootstrap: str, instruments: Iterable[Instrument]) -> None:
    """List instruments that have their numbers; those that are listed already are left as they are.

    The clients' topic is written first, so that an interruption cannot give a number away twice.

    Raises:
        ListedAtOnce: a number belongs to another symbol.
        DeliveryFailed: not all is known to be listed; do it again.
    """
    asked, sender = list(instruments), Sender(bootstrap)
    listed = claim(bootstrap, sender, lambda known: [i for i in asked if i.symbol not in known])
    write_rules(sender, [listed[rules.symbol] for rules in asked])


def _for_clients(rules: Instrument) -> Outgoing:
    return Outgoing(INSTRUMENTS, 0, rules.symbol.encode(), encode(rules))


def _write(sender: Sender, records: Iterable[Outgoing]) -> None:
    for record in records:
        sender.send(record)
    sender.flush(_FLUSH_S)
