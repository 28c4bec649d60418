"""A ledger worker: `python -m partita.ledger --bootstrap ADDRESS`."""

import sys

from partita.ledger.service import SERVICE
from partita.log.service import main

if __name__ == "__main__":
    sys.exit(main(SERVICE))
