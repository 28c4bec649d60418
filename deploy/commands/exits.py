"""How the command ends: one code for each kind of failure, so that scripts need not read text.

 0  done
 1  the program itself failed (a traceback: please report it)
 2  the command line or a value on it is wrong; nothing was sent
 3  the exchange rejected the command, or a check did not hold; the reason is printed
 4  unknown: no answer in time, and the command may or may not have taken effect
 5  overloaded: try again later
 6  no exchange answers at the address
 7  the log is not as it must be, or is of a newer build than this command
 8  an audit could not go past a parked place: nothing behind it is proven
10  to 12: how a worker ended (partita.log.service.WorkerExit), of `ledger` and `matcher` only
20  a projector met records of a newer build; 21 the store must be rebuilt, or is not there
22  the store does not answer; 23 it has not come as far as was asked for in time
64  and above: the operator's errors, see partita.deploy.errors

What a log is refused for has the same code for every command, for `partita up` and for a worker.
Nothing was changed, and trying again does not help; the line printed says what does:

13  a topic is not the one that the state came from (deleted and made again)
14  records that the state needs, or came from, are gone from the log
15  a topic is compacted and must not be, or the other way round
16  a topic has another number of partitions than the exchange
17  acknowledged records could vanish: replicas, in-sync replicas or unclean election
18  no snapshot can be used, and the log does not start at offset 0
19  this line says something else than what stands on the log
"""

import sys
from collections.abc import Callable

import click

from partita.deploy.errors import DeployError
from partita.deploy.listing import ListedAtOnce
from partita.deploy.operate.passing import PassRefused, PassUnheard
from partita.deploy.rules_change import ChangeOvertaken, ChangeUnanswered
from partita.deploy.workers import REFUSALS
from partita.ledger.projector.exits import ProjectorExit
from partita.ledger.store.errors import StoreBehind, StoreError, StoreMissing, StoreUnfit
from partita.schemas.errors import (
    InvalidValue,
    LogError,
    LogUnavailable,
    NoAnswer,
    OutcomeUnknown,
    Overloaded,
    PartitaError,
    Rejected,
    TopicMissing,
    Unreadable,
)

NOT_PROVEN = 8

# The first class that fits gives the code.
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (InvalidValue, 2),
    (Rejected, 3),
    (ChangeOvertaken, 3),
    (ListedAtOnce, 3),
    (ChangeUnanswered, 4),
    (PassRefused, 3),
    (PassUnheard, 4),
    (OutcomeUnknown, 4),
    (Overloaded, 5),
    (NoAnswer, 6),
    (LogUnavailable, 6),
    (TopicMissing, 6),
    (StoreUnfit, ProjectorExit.STORE_UNFIT),
    (StoreMissing, ProjectorExit.STORE_UNFIT),
    (StoreBehind, 23),
    (StoreError, 22),
    *REFUSALS,
    (LogError, 7),
    (Unreadable, 7),
)


def exit_code(error: Exception) -> int:
    """Return the code for an error that is ours."""
    if isinstance(error, DeployError):
        return error.exit_code
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)


def run(command: Callable[[], object]) -> None:
    """Run the command line; our errors become one line on standard error and an exit code."""
    try:
        command()
    except PartitaError as error:
        click.secho(f"error: {error}", err=True, fg="red")
        sys.exit(exit_code(error))
