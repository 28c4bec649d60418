"""One digest for any value made of named tuples, tuples, integers, strings, bytes and booleans.

It is how two engines, two replicas or two runs compare a state. Unlike hash(), it is the same in
every process, on every Python.
"""

import hashlib
from collections.abc import Iterator

Value = int | str | bytes | tuple["Value", ...]


def _parts(value: Value) -> Iterator[bytes]:
    # A tag and a length before each part, so that no two values have the same bytes.
    if isinstance(value, tuple):
        yield b"(%d" % len(value)
        for part in value:
            yield from _parts(part)
    elif isinstance(value, str):
        text = value.encode()
        yield b"s%d:" % len(text)
        yield text
    elif isinstance(value, bytes):
        yield b"y%d:" % len(value)
        yield value
    else:
        yield b"i%d;" % value


def digest(value: Value) -> bytes:
    """Return the SHA-256 of a value, 32 bytes."""
    sha = hashlib.sha256()
    for part in _parts(value):
        sha.update(part)
    return sha.digest()
