"""A ledger worker: its core on its topic."""

from partita.ledger.engines import engine
from partita.ledger.partition import ledger_core
from partita.log.core import WorkerCore
from partita.log.kafka.admin import ExchangeShape
from partita.log.service import Service
from partita.schemas.enums import Line
from partita.schemas.topics import ACCOUNT_COMMANDS


def _core(shape: ExchangeShape, line: Line, engine_name: str | None) -> WorkerCore:
    return ledger_core(shape.shards, line, engine(engine_name))


SERVICE = Service("ledger", ACCOUNT_COMMANDS, _core, ticks=False)
