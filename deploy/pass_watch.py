"""Whether the operator has written a pass: where the topic of passes ends, asked now and then."""

import time

from partita.log.kafka.reader import Reader
from partita.schemas.errors import LogError
from partita.schemas.topics import PASSES

# How late a worker that was given up hears of a pass, and how often the broker is asked meanwhile.
_ASK_EVERY_S = 1.0
# The supervisor has others to look after.
_ANSWER_S = 2.0


class PassWatch:
    """Knows where the passes end; asks only when it is asked."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reader: Reader | None = None
        self._end = -1
        self._ask_at_s = 0.0

    def end(self) -> int:
        """Return the offset behind the last pass, as of a second ago; -1 when it is not known."""
        if time.monotonic() >= self._ask_at_s:
            try:
                if self._reader is None:
                    self._reader = Reader(self._bootstrap, PASSES)
                self._end = self._reader.ends([0], _ANSWER_S)[0]
            except LogError:
                pass  # no broker answers: there is no news, and the workers say it louder
            self._ask_at_s = time.monotonic() + _ASK_EVERY_S
        return self._end

    def close(self) -> None:
        """Let go of the connection."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
