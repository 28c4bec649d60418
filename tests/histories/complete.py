"""A history made whole: what its clients missed, from the streams as they stand on the log.

A client that must connect again joins at a later number, and nobody has heard what lies between.
"""

from collections.abc import Iterable, Iterator, Mapping

from histories.entries import Entry, Heard
from histories.violation import violate


def completed(entries: Iterable[Entry], streams: Mapping[int, Iterable[Heard]]) -> Iterator[Entry]:
    """Give the entries, and in their places the events that no client has heard.

    streams: by shard all its events from number 1 on, each once, in order. What clients heard is
    checked against them.

    Raises:
        Violation: a client heard what does not stand there.
    """
    left = {shard: iter(stream) for shard, stream in streams.items()}
    last = dict.fromkeys(left, 0)
    for entry in entries:
        if isinstance(entry, Heard) and entry.number > last[entry.shard]:
            for found in left[entry.shard]:
                last[entry.shard] = found.number
                if found.number == entry.number:
                    if (type(found.event), found[2:]) != (type(entry.event), entry[2:]):
                        violate(f"a client heard {entry}, but {found} stands on the log")
                    break
                yield found
            else:
                violate(f"a client heard {entry}, which does not stand on the log")
        yield entry
    for rest in left.values():
        yield from rest
