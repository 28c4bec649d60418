"""The file that the server's messages go to, and the part of it that the present run wrote."""

from pathlib import Path

MAX_BYTES = (
    1 << 20
)  # a quiet run says less than a kilobyte; this is much trouble, and worth keeping
TAIL_BYTES, TAIL_LINES = 16 << 10, 20  # what a person reads in a terminal


class RunLog:
    """The log at `path`; others append to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin_bytes = 0

    def turn(self) -> None:
        """Put a long log aside as `<name>.1`, over the one before. Raises OSError."""
        if self._size_bytes() > MAX_BYTES:
            self.path.replace(self.path.with_name(self.path.name + ".1"))

    def mark(self) -> None:
        """Let the present run begin here. Raises OSError."""
        self._begin_bytes = self._size_bytes()

    def tail(self) -> str:
        """Return the last lines since `mark`, if they can be read."""
        try:
            with self.path.open("rb") as file:
                size_bytes = file.seek(0, 2)
                file.seek(max(self._begin_bytes, size_bytes - TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-TAIL_LINES:])

    def _size_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0
