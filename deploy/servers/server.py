"""One server of our own: made, started, stopped and found again in a data folder."""

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

from partita.deploy.errors import DataFolderUnwritable, ServerDied, ServerNotReady
from partita.deploy.servers import java, ports
from partita.deploy.servers.folder import ServerFolder
from partita.deploy.servers.jars import Jars
from partita.deploy.servers.log import RunLog
from partita.deploy.servers.process import LeashedProcess

Progress = Callable[[str], None]
FolderT_co = TypeVar("FolderT_co", bound=ServerFolder, covariant=True)

POLL_S = 0.02
STILL_STARTING_S = 5.0  # how often a slow start is reported
BIND_ATTEMPTS = 3  # a port that was free may be taken before the server listens on it
LITTLE_SPACE_BYTES = 64 << 20


class Kind(NamedTuple):
    """What tells one server from another."""

    jars: Jars
    java: java.JavaNeeds
    died: type[ServerDied]
    not_ready: type[ServerNotReady]
    ready_timeout_s: float
    stop_timeout_s: float

    @property
    def server(self) -> str:
        """Its name, as people call it."""
        return self.jars.server


class EmbeddedServer(ABC, Generic[FolderT_co]):
    """A server on 127.0.0.1 with its data in a folder of its own; for one thread at a time.

    `port` is the operator's wish; without one a free port is chosen and kept for later starts. The
    server dies with this process, whatever kills it. It can be started again after `stop` or
    `kill`, which a server that died needs too. As a context manager it starts and stops.
    """

    kind: Kind

    def __init__(self, folder: FolderT_co, port: int | None = None) -> None:
        if port is not None and not 0 < port < 1 << 16:
            raise ValueError(f"port must be from 1 to 65535: {port}")
        self._folder = folder
        self._wish = port
        self._process: LeashedProcess | None = None
        self._log = RunLog(self._folder.log)

    @abstractmethod
    def _prepare(
        self, runtime: java.Runtime, port: int, inner_port: int, report: Progress
    ) -> list[str]:
        """Write what the server needs for these ports, and return the command that starts it."""

    @abstractmethod
    def _is_ready(self, port: int) -> bool:
        """Say whether our own server serves clients on `port`."""

    def start(self, progress: Progress | None = None, *, timeout_s: float | None = None) -> None:
        """Return once the server serves clients; if it raises, nothing is left running.

        The first start ever on a machine fetches the jars. `timeout_s` is for the server alone.
        Raises any DeployError about Java, jars, ports, data folders and this server.
        """
        if self._process is not None:
            raise RuntimeError("already started; call stop first")
        report = progress or (lambda _: None)
        # What can be refused without changing or fetching anything comes first.
        program = java.find_java(self.kind.java)
        new = self._folder.check() is None
        # In an old folder a killed run's server may hold the port still: opening waits for its end.
        if new and self._wish is not None:
            ports.claim(self._wish)
        runtime = java.Runtime(program, self.kind.jars.class_path(report))
        self._folder.open()
        try:
            self._launch(
                runtime, report, self.kind.ready_timeout_s if timeout_s is None else timeout_s
            )
        except BaseException:
            self.kill()
            raise

    def restart(self, progress: Progress | None = None) -> None:
        """Start a server that has died again, at the address that its clients know.

        Raises PortInUse if another program listens there now, and what `start` raises.
        """
        self.kill()
        wish, self._wish = self._wish, self._folder.marker.port
        try:
            self.start(progress)
        finally:
            self._wish = wish

    def stop(self, timeout_s: float | None = None) -> bool:
        """Stop the server cleanly, or by force after `timeout_s`; return whether it took no force.

        Without effect (and True) where nothing runs.
        """
        limit_s = self.kind.stop_timeout_s if timeout_s is None else timeout_s
        try:
            return self._process is None or self._process.stop(limit_s)
        finally:
            self._forget()

    def kill(self) -> None:
        """Kill the server as a crash would, and wait until it is gone."""
        try:
            if self._process is not None:
                self._process.kill()
        finally:
            self._forget()

    def alive(self) -> bool:
        """Say whether the server's process runs."""
        return self._process is not None and self._process.returncode is None

    def check(self) -> None:
        """Raise the server's ServerDied if it was started and has ended by itself since."""
        if self._process is not None and self._process.returncode is not None:
            raise self._death(self._process.returncode)

    @property
    def address(self) -> str:
        """The address for clients, `host:port`; known from the first start on."""
        if self._folder.marker.port is None:
            raise RuntimeError("no port yet: call start first")
        return f"{ports.HOST}:{self._folder.marker.port}"

    @property
    def pid(self) -> int | None:
        """The server's process id; None where none was started."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> Path:
        """The file that the server's messages go to."""
        return self._log.path

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self, runtime: java.Runtime, report: Progress, timeout_s: float) -> None:
        try:
            self._log.turn()
        except OSError as error:
            raise DataFolderUnwritable(self._folder.path, str(error.strerror)) from error
        for attempt in range(1, BIND_ATTEMPTS + 1):
            port, inner_port = self._choose_ports()
            command = self._prepare(runtime, port, inner_port, report)
            report(f"starting {self.kind.server} on {ports.HOST}:{port}")
            self._spawn(command)
            try:
                self._await_ready(port, report, timeout_s)
            except ServerDied as death:
                taken = "Address already in use" in death.tail
                if not taken or attempt == BIND_ATTEMPTS:
                    raise
            else:
                return

    def _choose_ports(self) -> tuple[int, int]:
        """Settle both ports, and write them down for the next start."""
        marker = self._folder.marker
        if self._wish is not None:
            ports.claim(self._wish)
        port = self._wish or ports.choose(marker.port)
        inner_port = ports.choose(marker.inner_port, other_than=port)
        self._folder.remember(port, inner_port)
        return port, inner_port

    def _spawn(self, command: list[str]) -> LeashedProcess:
        """Start `command` as our one child; it is ours to end from then on."""
        folder = self._folder
        try:
            self._log.mark()
            self._process = LeashedProcess(
                command, folder=folder.path, log=self.log, held_fd=folder.lock.fd
            )
            folder.lock.note(self._process.pid)
        except OSError as error:
            raise DataFolderUnwritable(folder.path, str(error.strerror)) from error
        return self._process

    def _await_ready(self, port: int, report: Progress, timeout_s: float) -> None:
        begin_s = time.monotonic()
        next_report_s = STILL_STARTING_S
        while not self._is_ready(port):
            self.check()
            passed_s = time.monotonic() - begin_s
            if passed_s > timeout_s:
                where = f"{ports.HOST}:{port}"
                what = f"{self.kind.server} does not answer on {where} after {timeout_s:.0f} s"
                raise self.kind.not_ready(what, self.log, self._log.tail())
            if passed_s > next_report_s:
                report(f"{self.kind.server} is still starting ({passed_s:.0f} s)")
                next_report_s += STILL_STARTING_S
            time.sleep(POLL_S)

    def _death(self, status: int, what: str | None = None) -> ServerDied:
        name = what or self.kind.server
        how = f"{name} was ended by signal {-status}" if status < 0 else f"{name} ended ({status})"
        try:
            free_bytes = shutil.disk_usage(self._folder.path).free
        except OSError:
            free_bytes = LITTLE_SPACE_BYTES
        if free_bytes < LITTLE_SPACE_BYTES:  # a full disk may have kept the log from saying so
            how += f", and the disk of {self._folder.path} has only {free_bytes >> 20} MiB left"
        return self.kind.died(how, self.log, self._log.tail())

    def _forget(self) -> None:
        self._process = None
        self._folder.close()
