"""Both books on every shared tape: equal events, equal depth, equal states."""

import io
from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.match.output import EventsFile, write_book
from partita.deploy.match.run import run_tape
from partita.deploy.match.scale import Scale
from partita.deploy.tape import read_tape
from partita.log import native
from partita.matchers.engines import ENGINES

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")

TAPES = Path(__file__).resolve().parents[3] / "shared" / "tapes"
