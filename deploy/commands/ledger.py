"""`partita ledger`: one ledger worker."""

from partita.deploy.commands.worker import worker_command
from partita.ledger.service import SERVICE

ledger = worker_command("ledger", SERVICE)
