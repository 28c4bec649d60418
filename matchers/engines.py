"""The engines that books can run on, by name."""

from collections.abc import Callable, Mapping

from partita.log.engines import chosen
from partita.matchers.abc import Book
from partita.matchers.reference import ReferenceBook
from partita.schemas.instrument import Instrument

EngineFactory = Callable[[Instrument], Book]  # the rules of a symbol -> its empty book

ENGINES: Mapping[str, EngineFactory] = {"reference": ReferenceBook}


def engine(name: str | None = None) -> EngineFactory:
    """Return what makes an empty book, in the engine that is named.

    Raises:
        InvalidValue: there is no such engine; names those there are.
    """
    return chosen(ENGINES, name)
