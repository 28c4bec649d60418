"""A ledger worker: its core on its topic."""

from partita.ledger.engines import ENGINES, core
from partita.log.core import WorkerCore
from partita.log.kafka.admin import ExchangeShape
from partita.log.service import Service
from partita.schemas.enums import Line
from partita.schemas.topics import ACCOUNT_COMMANDS, LEDGER_CHANGELOG


def _core(shape: ExchangeShape, line: Line, engine_name: str | None) -> WorkerCore:
    return core(engine_name)(shape.shards, line)


SERVICE = Service("ledger", ACCOUNT_COMMANDS, LEDGER_CHANGELOG, ENGINES, _core, ticks=False)
