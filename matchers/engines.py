"""The engines that books can run on, by name: a book alone, and the worker core around books."""

from collections.abc import Mapping
from typing import NamedTuple

from partita.log import native
from partita.log.engines import NewCore, chosen
from partita.matchers.partition import NewBook, matcher_core
from partita.matchers.reference import ReferenceBook


class Engine(NamedTuple):
    """One engine."""

    book: NewBook
    core: NewCore


def _engines() -> dict[str, Engine]:
    reference = Engine(
        ReferenceBook, lambda shards, line: matcher_core(shards, line, ReferenceBook)
    )
    if not native.INSTALLED:
        return {"reference": reference}
    from partita.matchers.native import NativeBook  # noqa: PLC0415 - only where it is installed

    return {
        native.NAME: Engine(NativeBook, native.NativeCore.matcher),
        "reference": reference,
    }


ENGINES: Mapping[str, Engine] = _engines()  # the first is the default


def engine(name: str | None = None) -> NewBook:
    """Return what makes an empty book, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name).book


def core(name: str | None = None) -> NewCore:
    """Return what makes the worker core of a matcher, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name).core
