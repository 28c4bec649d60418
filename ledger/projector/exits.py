"""How a projector's process ends, beside the codes of every worker (partita.log.service)."""

from enum import IntEnum


class ProjectorExit(IntEnum):
    """Codes of its own. Of those above 0 a person must look; nothing was changed.

    Under `partita up` one that has ended with the second is started again now and then, so that it
    goes on by itself once the store has been rebuilt.
    """

    STOPPED = 0  # it was told to stop
    NEWER_DATA = 20  # the log has records of a newer build: upgrade this one
    STORE_UNFIT = 21  # the store must be rebuilt: `partita store rebuild`
