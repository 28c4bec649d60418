"""A matcher worker: `python -m partita.matchers --bootstrap ADDRESS`."""

import sys

from partita.log.service import main
from partita.matchers.service import SERVICE

if __name__ == "__main__":
    sys.exit(main(SERVICE))
