"""The file that says which instruments an exchange lists, and the records made from such values.

A CSV with a header: symbol, tick, lot, min_size, max_size (base), max_price, maker_fee, taker_fee
(fractions of the notional), base_decimals, quote_decimals. All numbers are exact decimals.
"""

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from partita.schemas.arithmetic import PPM
from partita.schemas.decimals import (
    exact,
    from_steps,
    plain,
    price_step,
    size_step,
    to_steps,
    unit,
)
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
# What may change while an instrument is listed; holds are counted in the rest.
CHANGING = ("maker_fee", "taker_fee", "min_size", "max_size", "max_price")


def read_instruments(
    file: Path, partitions: int, listed: Mapping[str, Instrument]
) -> list[Instrument]:
    """Return the instruments of a file that are not listed yet, numbered on from those that are.

    Partitions are assigned by turns.

    Raises:
        InvalidValue: a row breaks a rule; names the row and field, the value and the rule.
        OSError: the file cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.DictReader(lines)
            if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                raise InvalidValue(str(file), sorted(missing), "these columns are missing")
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidValue("file", str(file), f"is no CSV in UTF-8: {error}") from error
    return new_instruments(
        ((f"line {at}: ", row) for at, row in enumerate(rows, start=2)), partitions, listed
    )


def new_instruments(
    rows: Iterable[tuple[str, Mapping[str, str]]], partitions: int, listed: Mapping[str, Instrument]
) -> list[Instrument]:
    """Return the instruments of rows, each behind what its errors start with; see read_instruments.

    Raises:
        InvalidValue: a row breaks a rule.
    """
    assets = _assets(listed.values())
    next_id = max((i.instrument_id for i in listed.values()), default=0) + 1
    found: list[Instrument] = []
    seen = set(listed)
    for field, row in rows:
        symbol = str(row["symbol"])
        if symbol in listed:
            continue
        if symbol in seen:
            raise InvalidValue(f"{field}symbol", symbol, "stands twice in the file")
        seen.add(symbol)
        found.append(_instrument(field, row, next_id, (next_id - 1) % partitions, assets))
        next_id += 1
    return found


def split_symbol(symbol: str, field: str = "") -> tuple[str, str]:
    """Return the assets of a symbol, base and quote. Raises InvalidValue."""
    base, _, quote = symbol.partition("-")
    if not base or not quote or base == quote:
        raise InvalidValue(f"{field}symbol", symbol, "must be BASE-QUOTE")
    return base, quote


def asset_decimals(listed: Iterable[Instrument]) -> dict[str, int]:
    """Return the decimals of each asset by its name."""
    return {name: decimals for name, (_, decimals) in _assets(listed).items()}


def as_listed(known: Instrument, row: Mapping[str, str]) -> Instrument:
    """Return an instrument that is listed as it would be by the rules of a row.

    Raises:
        InvalidValue: the row breaks a rule.
    """
    assets = _assets([known])
    made = _instrument("", row, known.instrument_id, known.partition, assets)
    return made._replace(version=known.version, status=known.status)


def changed(known: Instrument, values: Mapping[str, str]) -> Instrument:
    """Return the next version of an instrument with some of min_size, max_size, max_price, fees.

    The version is the known one when that changes nothing.

    Raises:
        InvalidValue: a value breaks a rule.
    """
    if never := set(values) - set(CHANGING):
        raise InvalidValue(", ".join(sorted(never)), known.symbol, "never changes")

    def steps(column: str, step: Decimal, now: int) -> int:
        return _steps("", values, column, step) if column in values else now

    def ppm(column: str, now: int) -> int:
        return _ppm("", values, column) if column in values else now

    size, price = size_step(known), price_step(known)
    new = known._replace(
        min_size=steps("min_size", size, known.min_size),
        max_size=steps("max_size", size, known.max_size),
        max_price=steps("max_price", price, known.max_price),
        maker_fee_ppm=ppm("maker_fee", known.maker_fee_ppm),
        taker_fee_ppm=ppm("taker_fee", known.taker_fee_ppm),
    )
    return next_version(known, _checked("", new))


def next_version(known: Instrument, new: Instrument) -> Instrument:
    """Return new rules as the version that follows; the known ones if they are the same."""
    return known if new == known else new._replace(version=known.version + 1)


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
    symbol = str(row["symbol"])
    base, quote = split_symbol(symbol, field)
    base_id, base_decimals = _asset(field, base, _whole(field, row, "base_decimals"), assets)
    quote_id, quote_decimals = _asset(field, quote, _whole(field, row, "quote_decimals"), assets)
    lot, tick = _positive(field, row, "lot"), _positive(field, row, "tick")
    lot_units = _steps(field, row, "lot", unit(base_decimals))
    tick_units = _steps(field, row, "tick", unit(quote_decimals))
    notional, rest = divmod(tick_units * lot_units, 10**base_decimals)
    if rest or not 0 < notional <= AMOUNT_MAX:
        raise InvalidValue(f"{field}tick", tick, "tick x lot must be a whole number of quote units")
    rules = Instrument(
        instrument_id=instrument_id,
        version=1,
        symbol=symbol,
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
        min_size=_steps(field, row, "min_size", lot),
        max_size=_steps(field, row, "max_size", lot),
        max_price=_steps(field, row, "max_price", tick),
        maker_fee_ppm=_ppm(field, row, "maker_fee"),
        taker_fee_ppm=_ppm(field, row, "taker_fee"),
    )
    return _checked(field, rules)


def _checked(field: str, rules: Instrument) -> Instrument:
    if rules.min_size > rules.max_size:
        value = plain(from_steps(rules.min_size, size_step(rules)))
        most = plain(from_steps(rules.max_size, size_step(rules)))
        raise InvalidValue(f"{field}min_size", value, f"must be at most max_size, {most}")
    return rules


def _positive(field: str, row: Mapping[str, str], column: str) -> Decimal:
    value = exact(row[column], field + column)
    if value <= 0:
        raise InvalidValue(field + column, row[column], "must be more than 0")
    return value


def _steps(field: str, row: Mapping[str, str], column: str, step: Decimal) -> int:
    _positive(field, row, column)
    return to_steps(row[column], step, field + column)


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
