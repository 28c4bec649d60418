"""What computes the state: version, sources and engine, in one word.

Two workers of one build do the same by construction; a line of another build must show it first.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from partita.log import native

# The folders from which a state follows.
_FOLDERS = ("schemas", "log", "ledger", "matchers")
_SUFFIXES = (".py", ".avsc")


@cache
def _sources() -> str:
    root = Path(__file__).resolve().parent.parent
    sha = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in _SUFFIXES:
                sha.update(path.relative_to(root).as_posix().encode() + b"\0")
                sha.update(path.read_bytes())
    return sha.hexdigest()[:12]


def build(engine: str) -> str:
    """Return the name of this build with an engine: version+sources/engine.

    Raises:
        InvalidValue: the native engine was built for other records than this build's.
    """
    of = f"{engine}-{native.build()}" if engine == native.NAME else engine
    return f"{version('partita')}+{_sources()}/{of}"
