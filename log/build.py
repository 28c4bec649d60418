"""What computes the state: version, sources and engine, in one word.

Two workers of one build do the same by construction; a line of another build must show it first.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from partita.log import native
from partita.log.engines import engine_name

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


def engine_told(engines: Mapping[str, object], name: str | None = None) -> str:
    """Return which engine is used, for people: with its build, or why it is not the native one.

    Raises:
        InvalidValue: there is no such engine, or it was built for other records than this build's.
    """
    chosen = engine_name(engines, name)
    if chosen == native.NAME:
        return f"{chosen} {native.build()}"
    return chosen if native.INSTALLED else f"{chosen} ({native.missing()})"


def parts(build: str) -> tuple[str, str]:
    """Return the two halves of a build's name: version and sources, and the engine.

    >>> parts("0.1.0+3f2a/native-752c8b17f7ee")
    ('0.1.0+3f2a', 'native 752c8b17f7ee')
    """
    sources, _, engine = build.partition("/")
    return sources, engine.replace("-", " ", 1)
