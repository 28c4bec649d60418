"""Choosing an engine by its name: one rule for books and shards."""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from partita.log.core import WorkerCore
from partita.schemas.enums import Line
from partita.schemas.errors import InvalidValue

ENGINE_VARIABLE = "PARTITA_ENGINE"  # the environment variable that names the engine

Factory = TypeVar("Factory")

NewCore = Callable[[int, Line], WorkerCore]  # (shards, line) -> a core that owns nothing yet


def engine_name(engines: Mapping[str, object], name: str | None = None) -> str:
    """Return the name of the engine to use: given, else the environment's, else the first.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    field = "engine" if name is not None else ENGINE_VARIABLE
    chosen = name if name is not None else os.environ.get(ENGINE_VARIABLE, next(iter(engines)))
    if chosen not in engines:
        raise InvalidValue(field, chosen, f"must be one of {', '.join(engines)}")
    return chosen


def chosen(engines: Mapping[str, Factory], name: str | None = None) -> Factory:
    """Return the engine that engine_name names.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return engines[engine_name(engines, name)]
