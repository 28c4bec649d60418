"""A matcher worker: its core on its topic."""

from partita.log.core import WorkerCore
from partita.log.kafka.admin import ExchangeShape
from partita.log.service import Service
from partita.matchers.engines import ENGINES, core
from partita.schemas.enums import Line
from partita.schemas.topics import BOOKS_CHANGELOG, ORDERS


def _core(shape: ExchangeShape, line: Line, engine_name: str | None) -> WorkerCore:
    return core(engine_name)(shape.shards, line)


SERVICE = Service("matchers", ORDERS, BOOKS_CHANGELOG, ENGINES, _core, ticks=True)
