"""Finds a Java that can run a server, and says how to call it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from partita.deploy.errors import JavaMissing, JavaTooNew, JavaTooOld

ANSWER_TIMEOUT_S = 30.0  # `java -version` takes 0.04 s; a cold, loaded disk takes longer


class JavaNeeds(NamedTuple):
    """Which Java a server runs on."""

    server: str
    oldest: int
    newest: int | None = None  # None: whatever comes


class Runtime(NamedTuple):
    """A Java, and the jars it is to run."""

    java: Path
    class_path: str

    def command(self, options: Iterable[str], main: str, *arguments: str) -> list[str]:
        """Return the command that runs the class `main`, with the JVM's `options`."""
        return [str(self.java), *options, "-cp", self.class_path, main, *arguments]


def find_java(needs: JavaNeeds) -> Path:
    """Return the `java` to use: JAVA_HOME's if that is set, as Maven does, else PATH's.

    Raises JavaMissing, JavaTooOld, JavaTooNew.
    """
    java = _candidate()
    try:
        answer = subprocess.run(  # noqa: S603 - the operator's own java, fixed argument
            [java, "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=ANSWER_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JavaMissing(f"{java} does not run ({error})") from error
    text = answer.stderr + answer.stdout
    version = re.search(r'version "(?:1\.)?(\d+)', text)  # "1.8.0_412" is Java 8
    if answer.returncode != 0 or version is None:
        raise JavaMissing(f"`{java} -version` answers {text.strip()[:200]!r}")
    found = int(version[1])
    if found < needs.oldest:
        raise JavaTooOld(java, found, needs.server, needs.oldest)
    if needs.newest is not None and found > needs.newest:
        raise JavaTooNew(java, found, needs.server, needs.newest)
    return java


def _candidate() -> Path:
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home, "bin", "java").absolute()
        if not os.access(java, os.X_OK):
            raise JavaMissing(f"JAVA_HOME is {home}, but {java} is not a program")
        return java
    on_path = shutil.which("java")
    if on_path is None:
        raise JavaMissing("there is no `java` on PATH, and JAVA_HOME is not set")
    return Path(on_path).absolute()
