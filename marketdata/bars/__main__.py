"""The candle worker: `python -m partita.marketdata.bars --bootstrap ADDRESS`."""

import argparse
import asyncio
import logging
import os
import signal
import sys

from partita.log.kafka.admin import Admin
from partita.log.kafka.words import Sparing
from partita.log.service import LOG_EXITS, SESSION_TIMEOUT_MS, WorkerExit
from partita.marketdata.bars.app import BarsApp, Settings
from partita.schemas.errors import LogError, Unreadable

# What is not told or left by then is told by the next start.
_STOP_S = 1.5

_LOGGER = logging.getLogger("partita.bars")


async def run(settings: Settings) -> WorkerExit:
    """Work until SIGTERM or SIGINT; return how it ended."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = BarsApp(settings)
    await app.run(stop)
    _LOGGER.info("stopping")
    try:
        await asyncio.wait_for(app.stop(), _STOP_S)
    except Exception as error:  # noqa: BLE001 - it ends anyway, and the next start tells the rest
        _LOGGER.warning("left without a word: %r", error)
    return WorkerExit.STOPPED if app.failed is None else _exit_of(app.failed)


def _exit_of(error: Exception) -> WorkerExit:
    if isinstance(error, LogError):
        _LOGGER.error("bars: %s", error)
        return next(code for kind, code in LOG_EXITS if isinstance(error, kind))
    if isinstance(error, Unreadable):
        _LOGGER.error("bars: %s", error)
        return WorkerExit.LOG_UNFIT
    _LOGGER.error("bars: %r", error, exc_info=error)
    return WorkerExit.DELIVERY_UNKNOWN


def main() -> int:
    """Run a candle worker from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m partita.marketdata.bars",
        description="Make candles and the last 24 hours' figures from the trades.",
    )
    parser.add_argument("--bootstrap", required=True, help="a Kafka broker, HOST:PORT")
    parser.add_argument(
        "--session-timeout-ms",
        type=int,
        default=SESSION_TIMEOUT_MS,
        help="how long the partitions of a killed process wait for another one",
    )
    parser.add_argument(
        "--allow-unsafe-replication",
        action="store_true",
        help="run on a cluster that may lose acknowledged records",
    )
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for handler in logging.root.handlers:
        handler.addFilter(_Words())
    try:
        Admin(given.bootstrap).check_fitness(
            allow_unsafe_replication=given.allow_unsafe_replication
        )
        asyncio.run(_end(Settings(given.bootstrap, given.session_timeout_ms)))
    except LogError as error:
        return _exit_of(error)
    return WorkerExit.STOPPED


class _Words:
    """Of faust's and its client's words what went wrong, each once in a while; all others'."""

    def __init__(self) -> None:
        self._sparing = Sparing()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is passed on."""
        if record.name.partition(".")[0] not in {"faust", "mode", "aiokafka"}:
            return True
        return record.levelno >= logging.ERROR and self._sparing.filter(record)


async def _end(settings: Settings) -> None:
    """Work, and end the process: a thread may still wait for the cluster, and nobody for it."""
    code = await run(settings)
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
