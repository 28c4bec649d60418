"""Text files, compressed by their extension: .gz and .zst, all else plain."""

import gzip
import io
from pathlib import Path
from typing import TextIO, cast

import zstandard

from partita.deploy.tape.zst import ZstdFrames


def open_to_read(path: Path) -> TextIO:
    """Open a file of UTF-8 text."""
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8", newline=""))
    if path.suffix == ".zst":
        buffered = io.BufferedReader(ZstdFrames(path.open("rb")))
        return io.TextIOWrapper(buffered, encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def open_to_write(path: Path) -> TextIO:
    """Create or overwrite a file of UTF-8 text."""
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "wt", encoding="utf-8", newline=""))
    if path.suffix == ".zst":
        frames = zstandard.ZstdCompressor().stream_writer(path.open("wb"), closefd=True)
        return io.TextIOWrapper(cast("io.BufferedWriter", frames), encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")
