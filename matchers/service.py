"""A matcher worker: its core on its topic."""

from partita.log.core import WorkerCore
from partita.log.kafka.admin import ExchangeShape
from partita.log.service import Service
from partita.matchers.engines import ENGINES, engine
from partita.matchers.partition import matcher_core
from partita.schemas.enums import Line
from partita.schemas.topics import BOOKS_CHANGELOG, ORDERS


def _core(shape: ExchangeShape, line: Line, engine_name: str | None) -> WorkerCore:
    return matcher_core(shape.shards, line, engine(engine_name))


SERVICE = Service("matchers", ORDERS, BOOKS_CHANGELOG, ENGINES, _core, ticks=True)
