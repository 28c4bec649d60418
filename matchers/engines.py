"""The engines that books can run on, by name."""

import os
from collections.abc import Callable, Mapping

from partita.matchers.abc import Book
from partita.matchers.reference import ReferenceBook
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument

EngineFactory = Callable[[Instrument], Book]

DEFAULT_ENGINE = "reference"
ENGINE_VARIABLE = "PARTITA_ENGINE"  # the environment variable that names the engine

ENGINES: Mapping[str, EngineFactory] = {"reference": ReferenceBook}


def engine_name(name: str | None = None) -> str:
    """Return the name of the engine to use: given, else the environment's, else the default.

    Raises:
        InvalidValue: there is no such engine; names those there are.

    """
    field = "engine" if name is not None else ENGINE_VARIABLE
    chosen = name if name is not None else os.environ.get(ENGINE_VARIABLE, DEFAULT_ENGINE)
    if chosen not in ENGINES:
        raise InvalidValue(field, chosen, f"must be one of {', '.join(ENGINES)}")
    return chosen


def engine(name: str | None = None) -> EngineFactory:
    """Return what makes an empty book for an instrument, in the engine chosen by engine_name."""
    return ENGINES[engine_name(name)]
