"""Read a tape, line by line: CSV with a header, plain or compressed.

A missing column and an empty cell are the same, and default: op place, id the row's number, symbol
BTC-USD, type limit, tif GTC (IOC for a market order), post_only false, stp dc. A row without an
account has one of its own, numbered after the row that placed the order, so that strangers meet;
its cancels and amends come from the same one. An unknown column is an error: what a misspelled
`post_only` means must not be lost.
"""

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

import zstandard

from partita.deploy.tape.columns import COLUMNS
from partita.deploy.tape.errors import TapeError
from partita.deploy.tape.files import open_to_read
from partita.deploy.tape.row import Op, TapeRow
from partita.schemas.enums import OrderType, SelfTrade, TimeInForce
from partita.schemas.errors import InvalidValue

DEFAULT_SYMBOL = "BTC-USD"


class _Lines(Protocol):
    """What csv.reader returns: a line's cells at a time, and the number of the line it is at."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class Survey(NamedTuple):
    """What one quick look at a whole tape tells."""

    rows: int
    price_decimals: int  # most decimals, trailing zeros not counted
    size_decimals: int


def read_tape(path: Path) -> Iterator[TapeRow]:
    """Yield the rows of a tape in order, reading as it goes.

    Raises:
        TapeError: the file is not there or not a tape; names line, column, value and rule.

    """
    with _opened(path) as lines:
        header = _header(path, lines)
        places = [_PLACE_OF[column] for column in header]
        converts = [COLUMNS[column] for column in header]
        accounts = _Accounts()
        for seq, cells in enumerate(_cells(path, lines, len(header))):
            values = _NOTHING_GIVEN.copy()
            values[0] = seq
            try:
                for place, convert, text in zip(places, converts, cells, strict=True):
                    if text:
                        values[place] = convert(text)
                row = _completed(TapeRow._make(values), accounts)
            except InvalidValue as error:
                line, text = lines.line_num, str(error.value)
                raise TapeError(path, line, error.field, text, error.rule) from error
            yield row


def survey(path: Path) -> Survey:
    """Count a tape's rows and the decimals of its prices and sizes, without judging them.

    Raises:
        TapeError: the file is not there, or its header or shape is not a tape's.

    """
    with _opened(path) as lines:
        header = _header(path, lines)
        price = header.index("price") if "price" in header else None
        size = header.index("size") if "size" in header else None
        rows = price_decimals = size_decimals = 0
        for cells in _cells(path, lines, len(header)):
            rows += 1
            if price is not None:
                price_decimals = max(price_decimals, _decimals(cells[price]))
            if size is not None:
                size_decimals = max(size_decimals, _decimals(cells[size]))
        return Survey(rows, price_decimals, size_decimals)


@contextmanager
def _opened(path: Path) -> Iterator[_Lines]:
    line = 0
    file: TextIO | None = None
    try:
        file = open_to_read(path)
        lines = csv.reader(file)
        try:
            yield lines
        finally:
            line = lines.line_num
    except OSError as error:  # gzip's errors of format are among them
        raise TapeError(path, line, "", "", error.strerror or str(error)) from error
    except (EOFError, zlib.error, zstandard.ZstdError, UnicodeDecodeError, csv.Error) as error:
        raise TapeError(path, line, "", "", f"is damaged or no CSV: {error}") from error
    finally:
        if file is not None:
            file.close()


def _header(path: Path, lines: _Lines) -> list[str]:
    header = next(lines, None)
    if not header:
        raise TapeError(path, 1, "", "", "is empty: a tape begins with a line of column names")
    for column in header:
        if column not in COLUMNS:
            rule = f"is no column of a tape; there are {', '.join(COLUMNS)}"
            raise TapeError(path, 1, "column", column, rule)
        if header.count(column) > 1:
            raise TapeError(path, 1, "column", column, "stands there twice")
    return header


def _cells(path: Path, lines: _Lines, width: int) -> Iterator[list[str]]:
    for cells in lines:
        if not cells:
            continue
        if len(cells) != width:
            rule = f"has {len(cells)} cells where the header has {width}"
            raise TapeError(path, lines.line_num, "", "", rule)
        yield cells


def _decimals(text: str) -> int:
    _, point, fraction = text.partition(".")
    return len(fraction.rstrip("0")) if point else 0


class _Accounts:
    """Accounts for the rows that name none."""

    def __init__(self) -> None:
        self._owners: dict[str, int] = {}

    def of(self, seq: int, op: Op, order: str) -> int:
        if op is Op.PLACE:
            return self._owners.setdefault(order, seq + 1)
        return self._owners.get(order, seq + 1)


# Where a column stands in a row, and the row of a line with nothing in it. None is "not given"
# until a row is completed: only then it has the type it says.
_FIELD_OF = {"tif": "time_in_force", "stp": "self_trade"}
_PLACE_OF = {column: TapeRow._fields.index(_FIELD_OF.get(column, column)) for column in COLUMNS}
_NOTHING_GIVEN: list[Any] = [
    {
        "op": Op.PLACE,
        "symbol": DEFAULT_SYMBOL,
        "type": OrderType.LIMIT,
        "post_only": False,
        "self_trade": SelfTrade.DC,
        "expire_ms": 0,
        "time_ms": 0,
    }.get(field)
    for field in TapeRow._fields
]


def _completed(row: TapeRow, accounts: _Accounts) -> TapeRow:
    """Put in what depends on the rest of the row."""
    placing = row.op is Op.PLACE
    given: Any = row
    if placing and row.side is None:
        raise InvalidValue("side", "", "is missing: a place needs one")
    if given.id is None:
        if not placing:
            raise InvalidValue("id", "", f"is missing: which order to {row.op}?")
        row = row._replace(id=str(row.seq))
    if given.time_in_force is None:
        market = row.type is OrderType.MARKET
        row = row._replace(time_in_force=TimeInForce.IOC if market else TimeInForce.GTC)
    if given.account is None:
        row = row._replace(account=accounts.of(row.seq, row.op, row.id))
    return row
