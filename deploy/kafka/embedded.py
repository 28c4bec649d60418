"""One Kafka node of our own: made, started, stopped and found again in a data folder."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from partita.deploy.errors import DataFolderUnwritable, KafkaDied, KafkaNotReady
from partita.deploy.kafka import jars, java, ports, probe, settings
from partita.deploy.kafka.folder import DataFolder
from partita.deploy.kafka.log import RunLog
from partita.deploy.kafka.process import LeashedProcess

Progress = Callable[[str], None]

READY_TIMEOUT_S = (
    120.0  # usually 2 s; after a kill it checks what was open, up to 1 GiB a partition
)
STOP_TIMEOUT_S = 30.0  # usually 0.4 s; longer than Kafka takes to write out what is open
FORMAT_TIMEOUT_S = 60.0  # usually 0.7 s
POLL_S = 0.02
STILL_STARTING_S = 5.0  # how often a slow start is reported
BIND_ATTEMPTS = 3  # a port that was free may be taken before Kafka listens on it
LITTLE_SPACE_BYTES = 64 << 20


class EmbeddedKafka:
    """A KRaft broker on 127.0.0.1 with its data under `data`; for one thread at a time.

    `port` is the operator's wish; without one a free port is chosen and kept for later starts. The
    broker dies with this process, whatever kills it. It can be started again after `stop` or
    `kill`, which a broker that died needs too. As a context manager it starts and stops.
    """

    def __init__(self, data: Path, port: int | None = None) -> None:
        if port is not None and not 0 < port < 1 << 16:
            raise ValueError(f"port must be from 1 to 65535: {port}")
        self._folder = DataFolder(data)
        self._wish = port
        self._broker: LeashedProcess | None = None
        self._log = RunLog(self._folder.log)

    def start(
        self, progress: Progress | None = None, *, timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        """Return once the broker serves clients; if it raises, nothing is left running.

        The first start ever on a machine fetches Kafka's jars. `timeout_s` is for the broker alone.
        Raises any DeployError of this package.
        """
        if self._broker is not None:
            raise RuntimeError("already started; call stop first")
        report = progress or (lambda _: None)
        # What can be refused without changing or fetching anything comes first.
        program = java.find_java()
        new = self._folder.check() is None
        # In an old folder a killed run's broker may hold the port still: opening waits for its end.
        if new and self._wish is not None:
            ports.claim(self._wish)
        runtime = java.Runtime(program, jars.class_path(report))
        self._folder.open()
        try:
            self._launch(runtime, report, timeout_s)
        except BaseException:
            self.kill()
            raise

    def restart(self, progress: Progress | None = None) -> None:
        """Start a broker that has died again, at the address that its clients know.

        Raises PortInUse if another program listens there now, and what `start` raises.
        """
        self.kill()
        wish, self._wish = self._wish, self._folder.marker.port
        try:
            self.start(progress)
        finally:
            self._wish = wish

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Stop the broker cleanly, or by force after `timeout_s`; return whether it took no force.

        Without effect (and True) where nothing runs.
        """
        try:
            return self._broker is None or self._broker.stop(timeout_s)
        finally:
            self._forget()

    def kill(self) -> None:
        """Kill the broker as a crash would, and wait until it is gone."""
        try:
            if self._broker is not None:
                self._broker.kill()
        finally:
            self._forget()

    def alive(self) -> bool:
        """Say whether the broker's process runs."""
        return self._broker is not None and self._broker.returncode is None

    def check(self) -> None:
        """Raise KafkaDied if the broker was started and has ended by itself since."""
        if self._broker is not None and self._broker.returncode is not None:
            raise self._death(self._broker.returncode)

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`; known from the first start on."""
        if self._folder.marker.port is None:
            raise RuntimeError("no port yet: call start first")
        return f"{ports.HOST}:{self._folder.marker.port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id; None where none was started."""
        return None if self._broker is None else self._broker.pid

    @property
    def log(self) -> Path:
        """The file that the broker's messages go to."""
        return self._log.path

    def __enter__(self) -> Self:
        if self._broker is None:
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
            port = self._choose_ports()
            if not self._folder.formatted:
                report(f"formatting Kafka's storage in {self._folder.kafka}")
                self._format(runtime)
            report(f"starting Kafka on {ports.HOST}:{port}")
            file = self._folder.settings.name
            self._spawn(runtime.command(settings.BROKER_JVM, "kafka.Kafka", file))
            try:
                self._await_ready(port, report, timeout_s)
            except KafkaDied as death:
                if "Address already in use" not in death.tail or attempt == BIND_ATTEMPTS:
                    raise
            else:
                return

    def _choose_ports(self) -> int:
        """Settle both ports, and write them down for Kafka and for the next start."""
        marker = self._folder.marker
        if self._wish is not None:
            ports.claim(self._wish)
        port = self._wish or ports.choose(marker.port)
        controller_port = ports.choose(marker.controller_port, other_than=port)
        self._folder.remember(port, controller_port)
        text = settings.broker_properties(port, controller_port)
        self._folder.write(self._folder.settings.name, text)
        return port

    def _format(self, runtime: java.Runtime) -> None:
        """Give Kafka's storage the marker's cluster id; also where a former try was cut off."""
        self._folder.clear_unformatted()
        cluster, file = self._folder.marker.cluster_id, self._folder.settings.name
        arguments = ["format", "-t", cluster, "-c", file]
        tool = "kafka.tools.StorageTool"
        formatter = self._spawn(runtime.command(settings.FORMAT_JVM, tool, *arguments))
        try:
            status = formatter.wait(FORMAT_TIMEOUT_S)
        except TimeoutError as error:
            what = f"formatting Kafka's storage takes more than {FORMAT_TIMEOUT_S:.0f} s"
            raise KafkaNotReady(what, self.log, self._log.tail()) from error
        if status != 0 or not self._folder.formatted:
            raise self._death(status, "formatting Kafka's storage")

    def _spawn(self, command: list[str]) -> LeashedProcess:
        """Start `command` as our one child; it is ours to end from then on."""
        folder = self._folder
        try:
            self._log.mark()
            self._broker = LeashedProcess(
                command, folder=folder.path, log=self.log, held_fd=folder.lock.fd
            )
            folder.lock.note(self._broker.pid)
        except OSError as error:
            raise DataFolderUnwritable(folder.path, str(error.strerror)) from error
        return self._broker

    def _await_ready(self, port: int, report: Progress, timeout_s: float) -> None:
        begin_s = time.monotonic()
        next_report_s = STILL_STARTING_S
        while not probe.is_ready(port, self._folder.marker.cluster_id):
            self.check()
            passed_s = time.monotonic() - begin_s
            if passed_s > timeout_s:
                what = f"Kafka does not answer on {ports.HOST}:{port} after {timeout_s:.0f} s"
                raise KafkaNotReady(what, self.log, self._log.tail())
            if passed_s > next_report_s:
                report(f"Kafka is still starting ({passed_s:.0f} s)")
                next_report_s += STILL_STARTING_S
            time.sleep(POLL_S)

    def _death(self, status: int, what: str = "Kafka") -> KafkaDied:
        how = f"{what} was ended by signal {-status}" if status < 0 else f"{what} ended ({status})"
        try:
            free_bytes = shutil.disk_usage(self._folder.path).free
        except OSError:
            free_bytes = LITTLE_SPACE_BYTES
        if free_bytes < LITTLE_SPACE_BYTES:  # a full disk may have kept the log from saying so
            how += f", and the disk of {self._folder.path} has only {free_bytes >> 20} MiB left"
        return KafkaDied(how, self.log, self._log.tail())

    def _forget(self) -> None:
        self._broker = None
        self._folder.close()
