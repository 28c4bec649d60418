"""A market-data worker: `python -m partita.marketdata --bootstrap ADDRESS`."""

import argparse
import logging
import sys

from partita.marketdata.worker import Options, run


def main() -> int:
    """Run a worker from the command line."""
    parser = argparse.ArgumentParser(description="partita marketdata worker")
    parser.add_argument("--bootstrap", required=True, help="Kafka address, host:port")
    parser.add_argument(
        "--session-timeout-ms",
        type=int,
        default=Options().session_timeout_ms,
        help="how long the partitions of a killed worker wait for another one",
    )
    parser.add_argument(
        "--snapshot-every-ms",
        type=int,
        default=Options().snapshot_every_ms,
        help="time between two snapshots of a book: how much a late reader reads at most",
    )
    parser.add_argument(
        "--allow-unsafe-replication",
        action="store_true",
        help="run on a cluster that may lose acknowledged records",
    )
    given = vars(parser.parse_args())
    if given["snapshot_every_ms"] < 1:
        parser.error("--snapshot-every-ms must be 1 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return run(given.pop("bootstrap"), Options(**given))


if __name__ == "__main__":
    sys.exit(main())
