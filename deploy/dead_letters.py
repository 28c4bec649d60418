"""The dead letters of an exchange: the records that could not be read, one of each place."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable

from partita.deploy.operate.places import Place
from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import Unreadable
from partita.schemas.limits import DEAD_LETTER_BYTES_MAX
from partita.schemas.topics import DEAD_LETTERS

# "not a partita.orders.Tick: EOFError ..." and the like: what follows is of that one record.
_OF_SCHEMA = re.compile(r"(not a [\w.]+: \w+).*", re.DOTALL)


def dead_letters(bootstrap: str) -> dict[Place, DeadLetter]:
    """Return all dead letters by their records' places, newest records first, without the bytes.

    A worker that starts again writes its letters again: of one place the latest counts. A record of
    the topic that is no letter that can be read is given as one about itself.

    Raises:
        LogUnavailable: no broker answers.
        LogError: the topic cannot be read.
    """
    # There may be many, each with up to 64 KiB of somebody's rubbish.
    latest = _latest(bootstrap, lambda letter: letter._replace(value=b""))
    newest = sorted(latest, key=lambda letter: (letter.time_ms, Place.of(letter)), reverse=True)
    return {Place.of(letter): letter for letter in newest}


def dead_letter(bootstrap: str, place: Place) -> DeadLetter | None:
    """Return one dead letter with its bytes, the latest of its place; see dead_letters."""
    latest = _latest(bootstrap, lambda letter: letter if Place.of(letter) == place else None)
    return latest[-1] if latest else None


def _latest(bootstrap: str, keep: Callable[[DeadLetter], DeadLetter | None]) -> list[DeadLetter]:
    """Return what is kept of the latest letter of each key, in the order of their writing."""
    found: dict[bytes | None, DeadLetter] = {}
    reader = PastReader(bootstrap, DEAD_LETTERS)
    try:
        for record in reader.records(0):
            found.pop(record.key, None)
            # One without a value takes its key back.
            if record.value and (kept := keep(_letter(record))) is not None:
                found[record.key] = kept
    finally:
        reader.close()
    return list(found.values())


def _letter(record: Record) -> DeadLetter:
    try:
        message = decode(record.value)
    except Unreadable as error:
        why = f"{type(error).__name__}: {error}"
    else:
        if isinstance(message, DeadLetter):
            return message
        why = f"a {type(message).__name__}"
    return DeadLetter(
        topic=DEAD_LETTERS,
        partition=record.partition,
        offset=record.offset,
        time_ms=record.time_ms,
        error=f"no dead letter that this build can read: {why}",
        value=record.value[:DEAD_LETTER_BYTES_MAX],
        size=len(record.value),
        sha256=hashlib.sha256(record.value).digest(),
    )


def error_kind(error: str) -> str:
    """Return what errors of one kind have in common.

    >>> error_kind("3 bytes are left over"), error_kind("no instrument 55 on this partition")
    ('N bytes are left over', 'no instrument N on this partition')
    >>> error_kind("not a partita.orders.Tick: KeyError 7")
    'not a partita.orders.Tick: KeyError'
    """
    return re.sub(r"[0-9]+", "N", _OF_SCHEMA.sub(r"\1", error))


def counted(letters: dict[Place, DeadLetter]) -> list[tuple[str, str, int]]:
    """Return (topic, kind of error, how many), by topic and then the most first."""
    counts = Counter((letter.topic, error_kind(letter.error)) for letter in letters.values())
    rows = [(topic, kind, count) for (topic, kind), count in counts.items()]
    return sorted(rows, key=lambda row: (row[0], -row[2], row[1]))
