"""What the machines are rebuilt with."""

from typing import NamedTuple

from partita.deploy.audit.rebuild import NewCore
from partita.schemas.topics import ACCOUNT_COMMANDS


class Machines(NamedTuple):
    """What makes the machines of one kind."""

    new_core: NewCore
    build: str


class Engines(NamedTuple):
    """What makes all machines."""

    ledger: Machines
    matchers: Machines

    def of(self, topic: str) -> Machines:
        """Return what makes those of an input."""
        return self.ledger if topic == ACCOUNT_COMMANDS else self.matchers
