"""A server's jars: fetched once by Maven into the user's cache folder, then found there.

The cache folder's name holds the server's version and a hash of its pom.xml, so another pom never
meets old jars. A folder that exists is complete: it is filled under another name and then renamed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from partita.deploy.errors import JarsUnavailable, MavenMissing

FETCH_TIMEOUT_S = 900.0  # 5 to 20 s here, minutes on a poor line; past this something hangs
TAIL_LINES = 15  # enough to hold Maven's own summary of what failed


class Jars(NamedTuple):
    """The jars that a pom.xml names; its property `<name>.version` is the server's version."""

    server: str  # as people call it
    name: str  # in file names and properties
    pom: Path
    main: str  # a glob that the server's own jar answers to
    megabytes: int  # of them all, for the message

    def class_path(self, progress: Callable[[str], None] | None = None) -> str:
        """Return the class path, fetching the jars first where the cache has none.

        Two processes may do this at once; one fetches and the other waits for it. `progress` is
        told before anything slow. Raises MavenMissing, JarsUnavailable.
        """
        folder = self._cache_folder()
        try:
            if not folder.is_dir():
                self._fetch(folder, progress or (lambda _: None))
            # Sorted, because a folder's own order differs between machines, and class paths matter.
            return os.pathsep.join(str(jar) for jar in sorted(folder.glob("*.jar")))
        except OSError as error:
            raise JarsUnavailable(self.server, f"{folder}: {error.strerror or error}") from error

    def _cache_folder(self) -> Path:
        pom = self.pom.read_bytes()
        tag = f"{self.name}.version"
        version = re.search(rf"<{re.escape(tag)}>([^<]+)<".encode(), pom)
        if version is None:
            raise RuntimeError(f"{self.pom} names no {tag}")
        # The XDG specification: a relative path is to be ignored.
        named = os.environ.get("XDG_CACHE_HOME", "")
        base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
        digest = hashlib.sha256(pom).hexdigest()[:12]
        return base / "partita" / f"{self.name}-{version[1].decode()}-{digest}"

    def _fetch(self, folder: Path, progress: Callable[[str], None]) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise MavenMissing(self.server, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        size = f"{self.megabytes} MB, the first time only"
        progress(f"fetching {self.server}'s jars with Maven ({size})")
        # The lock is for ~/.m2, which two Mavens must not fill at once; we need only the rename.
        with _lock(folder.parent / ".maven.lock"):
            if folder.is_dir():  # the one we waited for has fetched them
                return
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".jars-") as temporary:
                filled = Path(temporary, "jars")
                self._run_maven(maven, filled)
                filled.rename(folder)

    def _run_maven(self, maven: str, target: Path) -> None:
        """Copy the jars into `target`. Raises JarsUnavailable with the end of what Maven said."""
        goal = "dependency:copy-dependencies"
        command = [maven, "-B", "-q", "-f", str(self.pom), goal, f"-DoutputDirectory={target}"]
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own mvn, no shell
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                check=False,
                cwd=target.parent,  # Maven reads .mvn/ of the folder it is called in: an empty one
                timeout=FETCH_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            reason = f"Maven took more than {FETCH_TIMEOUT_S:.0f} s"
            raise JarsUnavailable(self.server, reason) from error
        if done.returncode != 0 or not any(target.glob(self.main)):
            tail = "\n".join(done.stdout.strip().splitlines()[-TAIL_LINES:])
            reason = f"`{' '.join(command)}` ended with {done.returncode}:\n{tail}"
            raise JarsUnavailable(self.server, reason)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released by the kernel, whatever becomes of us
        yield
