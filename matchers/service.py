"""A matcher worker: its core on its topic."""

from partita.log.core import WorkerCore
from partita.log.kafka.admin import ExchangeShape
from partita.log.service import Service
from partita.matchers.engines import ENGINES, core
from partita.schemas.enums import Line
from partita.schemas.topics import BOOKS_CHANGELOG, ORDERS


def _core(shape: ExchangeShape, line: Line, engine_name: str | None) -> WorkerCore:
    return core(engine_name)(shape.shards, line)


# A fork is paid for by all books of a worker, some hundreds of megabytes, and one of them is copied
# for 0.03 us a row: so many rest in hardly any.
_COPIED_ROWS_MAX = 500_000

SERVICE = Service(
    "matchers",
    ORDERS,
    BOOKS_CHANGELOG,
    ENGINES,
    _core,
    ticks=True,
    copied_rows_max=_COPIED_ROWS_MAX,
)
