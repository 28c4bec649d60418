"""The columns of a tape: how the text of each becomes a value."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from partita.deploy.tape.row import Op
from partita.schemas.decimals import exact
from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.errors import InvalidValue

Value = str | int | bool | Decimal
Convert = Callable[[str], Value]  # raises InvalidValue
Word = TypeVar("Word", bound=StrEnum)

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def _word(column: str, words: type[Word]) -> Convert:
    by_text = {word.lower(): word for word in words}
    rule = f"must be one of {', '.join(words)}"

    def convert(text: str) -> Word:
        word = by_text.get(text.lower())
        if word is None:
            raise InvalidValue(column, text, rule)
        return word

    return convert


def _decimal(column: str) -> Convert:
    # Prices and sizes repeat; the bound keeps a long tape of distinct ones from filling memory.
    @lru_cache(maxsize=1 << 16)
    def convert(text: str) -> Decimal:
        return exact(text, column)

    return convert


def _whole(column: str) -> Convert:
    def convert(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise InvalidValue(column, text, "must be a whole number of at most 19 digits")
        return int(text)

    return convert


def _flag(text: str) -> bool:
    flag = _FLAGS.get(text.lower())
    if flag is None:
        raise InvalidValue("post_only", text, "must be true or false, 1 or 0")
    return flag


COLUMNS: Mapping[str, Convert] = {
    "op": _word("op", Op),
    "id": str,
    "account": _whole("account"),
    "symbol": str,
    "side": _word("side", Side),
    "type": _word("type", OrderType),
    "tif": _word("tif", TimeInForce),
    "price": _decimal("price"),
    "size": _decimal("size"),
    "funds": _decimal("funds"),
    "post_only": _flag,
    "stp": _word("stp", SelfTrade),
    "expire_ms": _whole("expire_ms"),
    "time_ms": _whole("time_ms"),
}
