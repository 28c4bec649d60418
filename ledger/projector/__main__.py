"""A projector: `python -m partita.ledger.projector --bootstrap ADDRESS --store sqlite:PATH`."""

import argparse
import logging
import signal
import sys
import threading
import time
from functools import partial

from partita.ledger.projector.exits import ProjectorExit
from partita.ledger.projector.run import Projector
from partita.ledger.store.choice import open_store
from partita.ledger.store.errors import StoreError
from partita.ledger.store.port import Retention
from partita.log.service import LOG_EXITS, WorkerExit
from partita.schemas.errors import InvalidValue, LogError, UnknownFingerprint

_DAY_MS = 86_400_000
_SAY_EVERY_S = 5.0
_LOGGER = logging.getLogger("partita.projector")


def _part(text: str) -> tuple[int, int]:
    part, _, of = text.partition("/")
    if not (part.isdecimal() and of.isdecimal() and int(part) < int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N with K below N")
    return int(part), int(of)


class Told:
    """Says how far it is, while it has much to catch up with, and once when it has."""

    def __init__(self) -> None:
        self._again_at_s = 0.0
        self._in_step = False

    def __call__(self, rows: int, left: int) -> None:
        """Hear how many rows are written, and how many records of those at the start are left."""
        if self._in_step or (left and time.monotonic() < self._again_at_s):
            return
        self._in_step, self._again_at_s = not left, time.monotonic() + _SAY_EVERY_S
        if left:
            _LOGGER.info("%d rows written, %d records left", rows, left)
        else:
            _LOGGER.info("in step with the log, %d rows written", rows)


def main() -> int:
    """Run until SIGTERM or SIGINT; return how it ended."""
    parser = argparse.ArgumentParser(
        prog="python -m partita.ledger.projector", description="Keep a store as new as the log."
    )
    parser.add_argument("--bootstrap", required=True, help="a Kafka broker, HOST:PORT")
    parser.add_argument(
        "--store", required=True, help="sqlite:PATH, or cassandra:HOST,.../KEYSPACE"
    )
    parser.add_argument(
        "--keep-trades-days", type=int, default=30, help="0: for ever (default %(default)s)"
    )
    parser.add_argument(
        "--keep-candles-days", type=int, default=0, help="0: for ever (default %(default)s)"
    )
    parser.add_argument(
        "--part",
        type=_part,
        default=(0, 1),
        metavar="K/N",
        help="take the partitions p with p mod N = K only; N such processes share the work",
    )
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    days = (given.keep_trades_days, given.keep_candles_days)
    retention = Retention(*(kept * _DAY_MS if kept else None for kept in days))
    try:
        opened = partial(open_store, given.store, retention)
        Projector(given.bootstrap, opened, stop, Told(), given.part).run()
    except InvalidValue as error:
        parser.error(str(error))
    except UnknownFingerprint as error:
        _LOGGER.error("projector: %s", error)  # noqa: TRY400 - the text says it all
        return ProjectorExit.NEWER_DATA
    except StoreError as error:  # what passes is tried again inside
        _LOGGER.error("projector: %s", error)  # noqa: TRY400 - as above
        return ProjectorExit.STORE_UNFIT
    except LogError as error:
        _LOGGER.error("projector: %s", error)  # noqa: TRY400 - as above
        return next((code for kind, code in LOG_EXITS if isinstance(error, kind)), WorkerExit(12))
    return ProjectorExit.STOPPED


if __name__ == "__main__":
    sys.exit(main())
