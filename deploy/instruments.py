"""The file that says which instruments an exchange lists, and the records made from it.

A CSV with a header: symbol, tick, lot, min_size, max_size (base), max_price, maker_fee, taker_fee
(fractions of the notional), base_decimals, quote_decimals. All numbers are exact decimals.
"""

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from partita.schemas.arithmetic import PPM
from partita.schemas.decimals import exact, to_steps, unit
from partita.schemas.enums import InstrumentStatus
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX, DECIMALS_MAX, FEE_PPM_MAX, NAME_CHARACTERS_MAX

DEFAULT_FILE = Path(__file__).parent / "instruments.csv"
COLUMNS = (
    "symbol",
    "tick",
    "lot",
    "min_size",
    "max_size",
    "max_price",
    "maker_fee",
    "taker_fee",
    "base_decimals",
    "quote_decimals",
)


def read_instruments(
    file: Path, partitions: int, listed: Mapping[str, Instrument]
) -> list[Instrument]:
    """Return the instruments of a file that are not listed yet, numbered on from those that are.

    Partitions are assigned by turns.

    Raises:
        InvalidValue: a row breaks a rule; names the row and field, the value and the rule.
        OSError: the file cannot be read.
    """
    with file.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        if missing := set(COLUMNS) - set(reader.fieldnames or ()):
            raise InvalidValue(str(file), sorted(missing), "these columns are missing")
        rows = list(reader)
    assets = _assets(listed.values())
    next_id = max((i.instrument_id for i in listed.values()), default=0) + 1
    found: list[Instrument] = []
    seen = set(listed)
    for at, row in enumerate(rows, start=2):
        symbol = str(row["symbol"])
        if symbol in listed:
            continue
        if symbol in seen:
            raise InvalidValue(f"line {at}: symbol", symbol, "stands twice in the file")
        seen.add(symbol)
        found.append(_instrument(f"line {at}: ", row, next_id, (next_id - 1) % partitions, assets))
        next_id += 1
    return found


def _assets(instruments: Iterable[Instrument]) -> dict[str, tuple[int, int]]:
    """Return number and decimals of each asset by its name."""
    assets = {}
    for i in instruments:
        assets[i.base_asset] = (i.base_asset_id, i.base_decimals)
        assets[i.quote_asset] = (i.quote_asset_id, i.quote_decimals)
    return assets


def _asset(
    field: str, name: str, decimals: int, assets: dict[str, tuple[int, int]]
) -> tuple[int, int]:
    if not (name.isascii() and name.isalnum() and len(name) <= NAME_CHARACTERS_MAX):
        raise InvalidValue(f"{field}symbol", name, "a name is 1 to 24 ASCII letters and digits")
    asset_id, known = assets.setdefault(name, (len(assets) + 1, decimals))
    if known != decimals:
        raise InvalidValue(f"{field}decimals", decimals, f"{name} has {known} decimals elsewhere")
    return asset_id, decimals


def _instrument(
    field: str,
    row: Mapping[str, str],
    instrument_id: int,
    partition: int,
    assets: dict[str, tuple[int, int]],
) -> Instrument:
    base, dash, quote = row["symbol"].partition("-")
    if not dash or base == quote:
        raise InvalidValue(f"{field}symbol", row["symbol"], "must be BASE-QUOTE")
    base_id, base_decimals = _asset(field, base, _whole(field, row, "base_decimals"), assets)
    quote_id, quote_decimals = _asset(field, quote, _whole(field, row, "quote_decimals"), assets)
    lot, tick = _positive(field, row, "lot"), _positive(field, row, "tick")
    lot_units = to_steps(lot, unit(base_decimals), f"{field}lot")
    tick_units = to_steps(tick, unit(quote_decimals), f"{field}tick")
    notional, rest = divmod(tick_units * lot_units, 10**base_decimals)
    if rest or not 0 < notional <= AMOUNT_MAX:
        raise InvalidValue(f"{field}tick", tick, "tick x lot must be a whole number of quote units")
    return Instrument(
        instrument_id=instrument_id,
        version=1,
        symbol=row["symbol"],
        partition=partition,
        status=InstrumentStatus.TRADING,
        base_asset_id=base_id,
        base_asset=base,
        base_decimals=base_decimals,
        quote_asset_id=quote_id,
        quote_asset=quote,
        quote_decimals=quote_decimals,
        tick=tick_units,
        lot=lot_units,
        notional_unit=notional,
        min_size=to_steps(_positive(field, row, "min_size"), lot, f"{field}min_size"),
        max_size=to_steps(_positive(field, row, "max_size"), lot, f"{field}max_size"),
        max_price=to_steps(_positive(field, row, "max_price"), tick, f"{field}max_price"),
        maker_fee_ppm=_ppm(field, row, "maker_fee"),
        taker_fee_ppm=_ppm(field, row, "taker_fee"),
    )


def _positive(field: str, row: Mapping[str, str], column: str) -> Decimal:
    value = exact(row[column], field + column)
    if value <= 0:
        raise InvalidValue(field + column, row[column], "must be more than 0")
    return value


def _whole(field: str, row: Mapping[str, str], column: str) -> int:
    value = to_steps(row[column], Decimal(1), field + column)
    if not 0 <= value <= DECIMALS_MAX:
        raise InvalidValue(field + column, row[column], f"must be from 0 to {DECIMALS_MAX}")
    return value


def _ppm(field: str, row: Mapping[str, str], column: str) -> int:
    value = to_steps(row[column], Decimal(1) / PPM, field + column)
    if not 0 <= value <= FEE_PPM_MAX:
        raise InvalidValue(field + column, row[column], "must be from 0 to 1")
    return value
