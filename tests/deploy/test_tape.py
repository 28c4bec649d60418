"""Tapes: what each column means, what is missing, and what is refused."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard

from partita.deploy.tape.errors import TapeError
from partita.deploy.tape.reader import Survey, read_tape, survey
from partita.deploy.tape.row import Op, TapeRow
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce

FULL = """\
time_ms,expire_ms,stp,post_only,funds,size,price,tif,type,side,symbol,account,id,op
5,9,co,true,,1.50,10.25,GTT,limit,buy,ETH-USD,7,a,place
6,,,,100.5,,,FOK,market,buy,ETH-USD,8,b,place
7,,,,,0.5,11,,,,ETH-USD,7,a,amend
8,,,,,,,,,,ETH-USD,7,a,cancel
"""


def tape(folder: Path, text: str, name: str = "tape.csv") -> Path:
    """Write a tape, compressed as its name says."""
    path = folder / name
    data = text.encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    elif name.endswith(".zst"):
        half = len(data) // 2  # two frames, as in a file that was appended to
        data = zstandard.compress(data[:half]) + zstandard.compress(data[half:])
    path.write_bytes(data)
    return path


def rows(folder: Path, text: str) -> list[TapeRow]:
    """Read a tape of this text."""
    return list(read_tape(tape(folder, text)))


def test_columns_come_in_any_order(tmp_path: Path) -> None:
    """Each value goes to its field by the header's name, wherever the column stands."""
    first, second, third, fourth = rows(tmp_path, FULL)
    expected = TapeRow(
        seq=0,
        op=Op.PLACE,
        id="a",
        account=7,
        symbol="ETH-USD",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTT,
        price=Decimal("10.25"),
        size=Decimal("1.50"),
        funds=None,
        post_only=True,
        self_trade=SelfTrade.CO,
        expire_ms=9,
        time_ms=5,
    )
    assert expected == first
    assert expected._replace(
        seq=1,
        id="b",
        account=8,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.FOK,
        price=None,
        size=None,
        funds=Decimal("100.5"),
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
        time_ms=6,
    ) == (second)
    assert (Op.AMEND, "a", Decimal(11), Decimal("0.5")) == (
        third.op,
        third.id,
        third.price,
        third.size,
    )
    cancelled = (3, Op.CANCEL, "a", 7)
    assert cancelled == (fourth.seq, fourth.op, fourth.id, fourth.account)


def test_missing_columns_have_defaults(tmp_path: Path) -> None:
    """With nothing but a side, a price and a size, a row is a GTC limit order on BTC-USD."""
    (row,) = rows(tmp_path, "side,price,size\nsell,3,4\n")
    expected = TapeRow(
        seq=0,
        op=Op.PLACE,
        id="0",
        account=1,
        symbol="BTC-USD",
        side=Side.SELL,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(3),
        size=Decimal(4),
        funds=None,
        post_only=False,
        self_trade=SelfTrade.DC,
        expire_ms=0,
        time_ms=0,
    )
    assert expected == row


def test_a_market_order_is_immediate_unless_it_says_otherwise(tmp_path: Path) -> None:
    """The default tif of a market order is IOC; one that is given stands."""
    text = "type,side,tif,size\nmarket,buy,,1\nmarket,sell,FOK,1\n"
    expected = [TimeInForce.IOC, TimeInForce.FOK]
    assert expected == [r.time_in_force for r in rows(tmp_path, text)]


def test_words_may_be_written_in_any_case(tmp_path: Path) -> None:
    """BUY is buy, and gtc is GTC."""
    (row,) = rows(tmp_path, "op,side,tif,price,size\nPLACE,BUY,gtc,1,1\n")
    expected = (Op.PLACE, Side.BUY, TimeInForce.GTC)
    assert expected == (row.op, row.side, row.time_in_force)


def test_without_accounts_every_order_has_its_own(tmp_path: Path) -> None:
    """Strangers meet; a cancel or amend comes from the account that placed the order."""
    text = "op,id,side,price,size\nplace,a,buy,1,1\nplace,b,sell,2,1\ncancel,a,,,\namend,b,,3,1\n"
    expected = [1, 2, 1, 2]
    assert expected == [row.account for row in rows(tmp_path, text)]


def test_an_id_that_is_used_again_keeps_its_account(tmp_path: Path) -> None:
    """Else a second order of one id would not be seen as a duplicate."""
    text = "id,side,price,size\na,buy,1,1\na,buy,1,1\n"
    expected = [1, 1]
    assert expected == [row.account for row in rows(tmp_path, text)]


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    """They are skipped, and do not count in seq."""
    text = "side,price,size\n\nbuy,1,1\n\nsell,2,1\n"
    expected = [0, 1]
    assert expected == [row.seq for row in rows(tmp_path, text)]


@pytest.mark.parametrize("name", ["tape.csv", "tape.csv.gz", "tape.csv.zst"])
def test_a_tape_reads_the_same_however_it_is_compressed(tmp_path: Path, name: str) -> None:
    """The extension says how."""
    expected = rows(tmp_path, FULL)
    assert expected == list(read_tape(tape(tmp_path, FULL, name)))


def test_a_survey_counts_rows_and_the_decimals_in_use(tmp_path: Path) -> None:
    """Trailing zeros are not counted; empty cells have no decimals."""
    assert Survey(4, 2, 1) == survey(tape(tmp_path, FULL))
    assert Survey(1, 0, 0) == survey(tape(tmp_path, "op,id\ncancel,a\n"))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("op", "buy", "must be one of place, cancel, amend"),
        ("side", "left", "must be one of buy, sell"),
        ("type", "stop", "must be one of limit, market"),
        ("tif", "DAY", "must be one of GTC, IOC, FOK, GTT"),
        ("stp", "none", "must be one of dc, co, cn, cb"),
        ("price", "NaN", "must be a plain decimal"),
        ("price", "1e400", "must be a plain decimal"),
        ("size", "ten", "must be a plain decimal"),
        ("funds", "0x10", "must be a plain decimal"),
        ("account", "7.5", "must be a whole number"),
        ("expire_ms", "soon", "must be a whole number"),
        ("time_ms", "1" * 20, "must be a whole number"),
        ("post_only", "maybe", "must be true or false"),
    ],
)
def test_a_bad_value_names_line_column_value_and_rule(
    tmp_path: Path, column: str, value: str, rule: str
) -> None:
    """The rows before it were given; nothing after it is."""
    others = [name for name in ("side", "price", "size") if name != column]
    path = tape(tmp_path, f"{','.join([column, *others])}\n{value}{',' * len(others)}\n")
    with pytest.raises(TapeError) as caught:
        list(read_tape(path))
    error = caught.value
    assert (path, 2, column, value) == (error.path, error.line, error.column, error.value)
    assert error.rule.startswith(rule)
    assert all(part in str(error) for part in (str(path), "line 2", column, error.rule))


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("", 1, "is empty"),
        ("op,prize\n", 1, "is no column of a tape"),
        ("op,op\n", 1, "stands there twice"),
        ("op,id\ncancel\n", 2, "has 1 cells where the header has 2"),
        ("op,id\ncancel,\n", 2, "is missing: which order to cancel?"),
        ("op,id\namend,\n", 2, "is missing: which order to amend?"),
        ("price,size\n1,1\n", 2, "is missing: a place needs one"),
    ],
)
def test_a_bad_shape_is_told_with_its_line(tmp_path: Path, text: str, line: int, rule: str) -> None:
    """A header that is none, a ragged line, or a row without what it needs."""
    with pytest.raises(TapeError) as caught:
        rows(tmp_path, text)
    assert line == caught.value.line
    assert caught.value.rule.startswith(rule)


@pytest.mark.parametrize("read", [read_tape, survey])
@pytest.mark.parametrize("name", ["tape.csv.gz", "tape.csv.zst", "tape.csv"])
def test_a_damaged_file_is_an_error_of_the_tape(tmp_path: Path, name: str, read: object) -> None:
    """Not gzip, not zstd, not UTF-8: each is told as a TapeError with the path."""
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe no tape")
    with pytest.raises(TapeError, match=name):
        _drain(read, path)


@pytest.mark.parametrize("name", ["tape.csv.gz", "tape.csv.zst"])
@pytest.mark.parametrize("cut", [1, 20, 500])
def test_a_truncated_file_is_an_error_of_the_tape(tmp_path: Path, name: str, cut: int) -> None:
    """The end of a compressed file is missed, however small the part that is gone."""
    lines = "".join(f"{seq},buy,{seq * 7919 % 1000},1\n" for seq in range(2_000))
    path = tape(tmp_path, f"id,side,price,size\n{lines}", name)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(TapeError, match="is damaged"):
        list(read_tape(path))


@pytest.mark.parametrize("read", [read_tape, survey])
def test_a_tape_that_is_not_there_is_told(tmp_path: Path, read: object) -> None:
    """The path and the system's word for it."""
    with pytest.raises(TapeError, match=r"none\.csv: No such file"):
        _drain(read, tmp_path / "none.csv")


def _drain(read: object, path: Path) -> None:
    if read is survey:
        survey(path)
    else:
        list(read_tape(path))
