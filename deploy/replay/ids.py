"""The identifiers of one run: the same tape can be replayed again at once."""

import hashlib

from partita.schemas.limits import ID_CHARACTERS_MAX


class RunIds:
    """Makes each id of a run of the run's token, which no other run has.

    >>> ids = RunIds("3f9a01c2")
    >>> ids.order("A-17"), ids.transfer(4)
    ('3f9a01c2.A-17', '3f9a01c2+4')
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self._room = ID_CHARACTERS_MAX - len(token) - 1
        assert self._room >= 16, "a hash of the order's id fits"

    def order(self, tape_id: str) -> str:
        """Return the client_order_id of an order on the tape.

        One too long to stand behind the token is replaced by its hash. One that is longer than the
        exchange allows stays too long, and is refused as it would be by itself.
        """
        if self._room < len(tape_id) <= ID_CHARACTERS_MAX:
            tape_id = hashlib.blake2b(tape_id.encode(), digest_size=self._room // 2).hexdigest()
        return f"{self._token}.{tape_id}"

    def transfer(self, number: int) -> str:
        """Return the command_id of a transfer."""
        return f"{self._token}+{number}"
