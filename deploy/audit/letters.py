"""The dead letters against what the rebuilt machines could not read."""

from collections.abc import Iterable, Mapping

from partita.deploy.audit.findings import Differences, Kind, Place
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import Unreadable


def compare_letters(
    said: Mapping[bytes, bytes],
    records: Iterable[Record],
    ranges: Mapping[Place, tuple[int, int]],
    differences: Differences,
) -> int:
    """Compare by key and SHA-256 of the dead record; return how many letters are not there yet.

    `ranges` are the offsets of each input that were gone over.
    """
    found: dict[bytes, bytes] = {}
    for record in records:
        key = record.key or b""
        try:
            letter = decode(record.value)
        except Unreadable as error:
            if record.value:
                text = f"dead letter {key.decode(errors='replace')} cannot be read: {error}"
                differences.add(Kind.RECORD, text)
            continue
        if isinstance(letter, DeadLetter):
            first, end = ranges.get(Place(letter.topic, letter.partition), (0, 0))
            if first <= letter.offset < end:
                found[key] = letter.sha256
    for key, sha in found.items():
        if said.get(key) != sha:
            text = f"there is a dead letter of {key.decode(errors='replace')}, and the record there"
            differences.add(Kind.RECORD, f"{text} can be read")
    return len(said.keys() - found.keys())
