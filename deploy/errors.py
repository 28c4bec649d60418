"""What can go wrong for the operator, as one tree; each leaf has its own exit code.

    DeployError                  64   anything below, not told apart
    ├── Lacking                       install or reach something, then try again
    │   ├── JavaMissing          65   no Java, or one that does not run
    │   ├── JavaTooOld           66   a Java before 17
    │   ├── JavaTooNew           80   a Java that this server does not run on yet
    │   ├── MavenMissing         67   no Maven, and the jars are not in the cache yet
    │   └── JarsUnavailable      68   Maven could not fetch the jars
    ├── PortInUse                69   stop the other program, or name another port
    ├── DataFolderError               choose another folder, or put this one right
    │   ├── DataFolderUnwritable 70   cannot be made, read or written (full disk too)
    │   ├── DataFolderForeign    71   holds files that are not ours
    │   ├── DataFolderFormat     72   our marker file, but damaged or of another version
    │   ├── DataFolderMixed      73   marker and the server's own files do not belong together
    │   ├── DataFolderInUse      74   another running partita holds it
    │   └── DataFolderName       81   its path has a character that this server cannot bear
    ├── ServerFailed                  read the log lines in the message
    │   ├── ServerDied                its process ended
    │   │   ├── KafkaDied        75
    │   │   └── CassandraDied    78
    │   └── ServerNotReady            it runs, but did not answer in time
    │       ├── KafkaNotReady    76
    │       └── CassandraNotReady 79
    └── ExchangeNotReady         77   the workers run, but the exchange does not answer

Every message says what is wrong and what to do. The codes are a promise to scripts: they are never
reused. They start at 64 to stay clear of the shell's and Click's own (1, 2, 126 and above).
"""

from pathlib import Path
from typing import ClassVar

from partita.schemas.errors import PartitaError


class DeployError(PartitaError):
    """What keeps the operator from running the exchange; the message is for them."""

    exit_code: ClassVar[int] = 64


class Lacking(DeployError):
    """Something that must be on the machine is not there."""


class JavaMissing(Lacking):
    """No Java was found, or the one found does not run."""

    exit_code = 65

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Java is missing: {reason}. Install Java 17 or newer "
            "(Debian: openjdk-17-jre-headless), or set JAVA_HOME to one"
        )


class JavaTooOld(Lacking):
    """The Java that was found cannot run this server."""

    exit_code = 66

    def __init__(self, java: Path, found: int, server: str, needed: int) -> None:
        super().__init__(
            f"{java} is Java {found}, and {server} needs {needed} or newer. "
            "Install one, or set JAVA_HOME to one"
        )


class JavaTooNew(Lacking):
    """The Java that was found is one that this server does not run on yet."""

    exit_code = 80

    def __init__(self, java: Path, found: int, server: str, newest: int) -> None:
        super().__init__(
            f"{java} is Java {found}, and {server} runs on {newest} at most. "
            "Install Java 17 (Debian: openjdk-17-jre-headless), and set JAVA_HOME to it"
        )


class MavenMissing(Lacking):
    """The jars are not in the cache, and there is no Maven to fetch them."""

    exit_code = 67

    def __init__(self, server: str, cache: Path) -> None:
        super().__init__(
            f"Maven is missing: {server}'s jars are not in {cache} yet, and there is no `mvn` on "
            "PATH to fetch them. Install Maven (Debian: maven); it is needed this first time only"
        )


class JarsUnavailable(Lacking):
    """The jars could not be fetched or stored."""

    exit_code = 68

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(
            f"{server}'s jars could not be fetched: {reason}\n"
            "Check the network, the proxy and the mirror in Maven's settings.xml, then try again"
        )


class PortInUse(DeployError):
    """The port that the operator named cannot be listened on."""

    exit_code = 69

    def __init__(self, port: int, reason: str) -> None:
        self.port = port
        super().__init__(
            f"port {port} on 127.0.0.1 cannot be used: {reason}. "
            "Stop the program that holds it, or name another port, or none to have one chosen"
        )


class DataFolderError(DeployError):
    """The data folder cannot be used as it is; `path` names it."""

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


class DataFolderUnwritable(DataFolderError):
    """The folder cannot be made, read or written."""

    exit_code = 70

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            f"data folder {path} cannot be used: {reason}. "
            "Name a folder on a disk with room, in which you may write",
        )


class DataFolderForeign(DataFolderError):
    """The folder holds files, and no marker of ours."""

    exit_code = 71

    def __init__(self, path: Path, example: str) -> None:
        super().__init__(
            path,
            f"data folder {path} is not partita's: it holds {example!r} and no partita.json. "
            "Nothing was changed. Name an empty or a new folder",
        )


class DataFolderFormat(DataFolderError):
    """The marker is damaged, or was written by another version."""

    exit_code = 72

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            f"data folder {path} cannot be read by this partita: {reason}. Nothing was changed. "
            "Use the partita that wrote it, or name another folder",
        )


class DataFolderMixed(DataFolderError):
    """The marker and the server's own files are not of one cluster."""

    exit_code = 73

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            f"data folder {path} is a mixture: {reason}. Nothing was changed. "
            "Restore it whole from one copy, or name another folder",
        )


class DataFolderInUse(DataFolderError):
    """Another running process holds the folder; `pid` says which, where it is known."""

    exit_code = 74

    def __init__(
        self, path: Path, pid: int | None, what: str = "Stop that one, or name another folder"
    ) -> None:
        self.pid = pid
        holder = "another process" if pid is None else f"pid {pid}"
        super().__init__(path, f"data folder in use by {holder}: {path}. {what}")


class DataFolderName(DataFolderError):
    """The folder's path has a character that the server cannot bear."""

    exit_code = 81

    def __init__(self, path: Path, character: str, server: str) -> None:
        super().__init__(
            path,
            f"data folder {path} cannot be used: {server} cannot read its own files again below"
            f" a path with {character!r}. Name another folder",
        )


class ServerFailed(DeployError):
    """A server does not do its work; the message ends with the last lines of its log."""

    def __init__(self, what: str, log: Path, tail: str) -> None:
        self.what = what
        self.log = log
        self.tail = tail
        lines = tail or "(nothing was logged)"
        super().__init__(f"{what}. The end of {log}:\n{lines}")


class ServerDied(ServerFailed):
    """A server's process ended when it should not have."""


class ServerNotReady(ServerFailed):
    """A server did not answer within the time allowed."""


class KafkaDied(ServerDied):
    """The broker's process, or the one that formats its storage, ended when it should not have."""

    exit_code = 75


class KafkaNotReady(ServerNotReady):
    """The broker did not answer within the time allowed."""

    exit_code = 76


class CassandraDied(ServerDied):
    """The embedded Cassandra's process ended when it should not have."""

    exit_code = 78


class CassandraNotReady(ServerNotReady):
    """The embedded Cassandra did not answer within the time allowed."""

    exit_code = 79


class ExchangeNotReady(DeployError):
    """The workers run, but the exchange does not answer; the message names their logs."""

    exit_code = 77
