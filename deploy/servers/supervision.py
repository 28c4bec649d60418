"""A server started again when it ends by itself: workers and clients wait for it."""

import time
from collections.abc import Callable

from partita.deploy.errors import ServerDied
from partita.deploy.servers.folder import ServerFolder
from partita.deploy.servers.server import EmbeddedServer

# The first restart is at once. One that ends so often in a row has a reason that no restart takes
# away (a full disk, no memory), and a person should read what it says.
_BACK_OFF_S = (0.0, 1.0, 5.0, 10.0)
# A server that ran this long has overcome what ended the one before it.
_STEADY_S = 10.0


class SupervisedServer:
    """Looks after a server that was started.

    It comes back on the same folder, with all that it had acknowledged, and at the same address.
    """

    def __init__(self, server: EmbeddedServer[ServerFolder]) -> None:
        self.restarts = 0
        self._server = server
        self._started_s = time.monotonic()
        self._again_at_s: float | None = None  # it has ended, and is started again then
        self._failures = 0

    def look_after(self, report: Callable[[str], None]) -> None:
        """Notice an end, and start again when it is time; that takes a few seconds.

        Raises:
            ServerDied: it ends each time, soon after its start.
            DeployError: it cannot be started; another try would not help.
        """
        if self._again_at_s is None:
            try:
                self._server.check()
            except ServerDied as death:
                self._ended(death, report)
            else:
                return
        assert self._again_at_s is not None, "it has ended"
        if time.monotonic() < self._again_at_s:
            return
        self.restarts += 1
        try:
            self._server.restart(report)
        except ServerDied as death:
            self._ended(death, report)
        else:
            self._started_s, self._again_at_s = time.monotonic(), None

    def _ended(self, death: ServerDied, report: Callable[[str], None]) -> None:
        if self._again_at_s is None and time.monotonic() - self._started_s > _STEADY_S:
            self._failures = 0
        if self._failures == len(_BACK_OFF_S):
            raise death
        wait_s = _BACK_OFF_S[self._failures]
        self._failures += 1
        self._again_at_s = time.monotonic() + wait_s
        report(f"{death.what}, and is started again in {wait_s:g} s; see {death.log}")
