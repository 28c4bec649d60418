"""What is wrong with a tape: the file, the line, the column, the value and the rule."""

from pathlib import Path

from partita.schemas.errors import PartitaError


class TapeError(PartitaError, ValueError):
    """A tape cannot be read; nothing after the line was taken."""

    def __init__(self, path: Path, line: int, column: str, value: str, rule: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        where = f", line {line}" if line else ""
        what = f": {column} {shown}" if column else ""
        super().__init__(f"{path}{where}{what}: {rule}")
        self.path = path
        self.line = line  # as an editor counts, the header is 1; 0: the file as a whole
        self.column = column  # empty: the line as a whole
        self.value = value
        self.rule = rule
