"""`partita matcher`: one matcher worker."""

from partita.deploy.commands.worker import worker_command
from partita.matchers.service import SERVICE

matcher = worker_command("matcher", SERVICE)
