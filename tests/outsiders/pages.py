"""The pages for outsiders: tables and examples of the messages, generated from the schemas.

python tests/outsiders/pages.py    # writes what stands between the marks anew
"""

import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import fastavro

from partita.schemas import accounts, commands, feed, market_data
from partita.schemas.codec import AVRO, HEAD_BYTES, SCHEMAS, encode
from partita.schemas.converter import CLASSES, Message
from partita.schemas.enums import (
    InstrumentStatus,
    Line,
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

FOLDER = AVRO.parent / "docs"
START, END = "<!-- messages:start -->", "<!-- messages:end -->"
_SCALARS = {"long", "int", "string", "bytes", "boolean"}

_TIME = 1_780_000_000_000
_LIMIT = (OrderType.LIMIT, TimeInForce.GTC)
_RULES = Instrument(
    1,
    1,
    "BTC-USD",
    0,
    InstrumentStatus.TRADING,
    base_asset_id=1,
    base_asset="BTC",
    base_decimals=8,
    quote_asset_id=2,
    quote_asset="USD",
    quote_decimals=10,
    tick=100_000_000,
    lot=1,
    notional_unit=1,
    min_size=1,
    max_size=10**13,
    max_price=10**9,
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)


class Page(NamedTuple):
    """A page: for whom, and the records with an example of each of their messages."""

    name: str
    examples: tuple[Message, ...]


def _commands() -> tuple[Message, ...]:
    def head(number: int) -> tuple[int, str, int]:
        return (7, f"mine-{number}", _TIME)

    return (
        commands.CommandBatch(
            b"",
            (
                commands.Place(
                    *head(1), 1, Side.BUY, *_LIMIT, 6_400_001, 5_000, 0, False, SelfTrade.DC, 0
                ),
                commands.Amend(*head(2), 0, "mine-1", 6_400_000, 4_000),
                commands.Cancel(*head(3), 0, "mine-1"),
                commands.CancelAll(*head(4), 1),
                commands.Transfer(*head(5), 2, 1_000_000_000_000),
                commands.Inquire(*head(6), Question.ORDER, 0, "mine-1"),
            ),
        ),
    )


def _account_events() -> tuple[Message, ...]:
    order = (7, 42)
    events = (
        accounts.Received(
            7,
            "mine-1",
            42,
            1,
            Side.BUY,
            *_LIMIT,
            6_400_001,
            5_000,
            0,
            False,
            SelfTrade.DC,
            0,
            False,
        ),
        accounts.Balance(7, 2, 967_935_994_994, 32_064_005_006),
        accounts.Opened(*order, 5_000),
        accounts.Filled(
            *order, 1, Side.BUY, 9, 6_400_001, 1_000, 6_400_001, liquidity=Liquidity.MAKER
        ),
        accounts.Changed(*order, 6_400_000, 3_000),
        accounts.Done(*order, Outcome.CANCELLED, Reason.REQUESTED, 1_000, 3_000),
        accounts.Accepted(7, "mine-3", 42, 1, repeated=False),
        accounts.Rejected(7, "mine-7", Reason.INSUFFICIENT_FUNDS, 0, repeated=False),
        accounts.OrderStatus(
            *order,
            "mine-1",
            1,
            Side.BUY,
            *_LIMIT,
            6_400_000,
            4_000,
            filled=1_000,
            remaining=3_000,
            hold=0,
            state=OrderState.DONE,
            outcome=Outcome.CANCELLED,
            reason=Reason.REQUESTED,
        ),
        accounts.Answered(7, "mine-6", 1),
        accounts.Total(7, 2, 967_935_994_994, 0, 6_400_001, 0, -974_336_000_000),
    )
    group = accounts.AccountEventGroup(31, 3_735_928_559, _TIME, events)
    return (accounts.AccountEventBatch((), b"", Line.A, 1, (group,)),)


def _public() -> tuple[Message, ...]:
    events = (
        feed.Opened(42, Side.BUY, 6_400_001, 5_000),
        feed.Traded(9, 42, 44, Side.SELL, 6_400_001, 1_000),
        feed.Changed(42, 6_400_000, 3_000),
        feed.Done(42, Outcome.CANCELLED, 3_000),
        _RULES,
    )
    group = feed.FeedGroup(1, 11, 3_735_928_559, _TIME, events)
    return (
        feed.FeedBatch(b"", Line.A, (group,)),
        feed.Ticker(
            b"", Line.A, 1, 15, _TIME, 6_400_000, 3_000, 6_400_200, 70, 9, 6_400_001, 1_000
        ),
        market_data.TradeBatch(
            b"", 1, 9, (market_data.Trade(12, _TIME, Side.SELL, 6_400_001, 1_000),)
        ),
        market_data.DepthBatch(
            b"", 1, 20, _TIME, (market_data.LevelChange(12, Side.BUY, 6_400_001, 4_000, 1),)
        ),
        market_data.BookSnapshotPart(
            b"",
            _RULES,
            number=12,
            chain=305_419_896,
            offset=4,
            time_ms=_TIME,
            changes=20,
            trades=9,
            last_price=6_400_001,
            last_size=1_000,
            part=0,
            parts=1,
            orders=(market_data.RestingOrder(42, Side.BUY, 6_400_001, 4_000),),
        ),
        market_data.Candle(
            b"", 1, 60, 1_779_999_960_000, 6_400_200, 6_400_200, 6_400_001, 6_400_001, 1_400,
            8_960_081_000, 8, 9, 12,
        ),
        market_data.DayTicker(
            b"", 1, 1_780_000_020_000, 6_390_000, 6_410_000, 6_380_000, 6_400_001, 90_000,
            575_100_009_000, 9, 9, 12,
        ),
        _RULES,
    )  # fmt: skip


PAGES = (
    Page("order-entry.md", _commands()),
    Page("private-events.md", _account_events()),
    Page("public-feed.md", _public()),
)


def _schema(name: str) -> Any:
    return json.loads((AVRO / f"{name}.avsc").read_text())


def _full_name(message: Message) -> str:
    return next(name for name, of in CLASSES.items() if of is type(message))


def _names(kind: Any) -> list[str]:
    """Return the named types in a type, in the order in which they stand."""
    if isinstance(kind, list):
        return [name for member in kind for name in _names(member)]
    if isinstance(kind, dict):
        return _names(kind["items"]) if kind["type"] == "array" else []
    return [] if kind in _SCALARS else [kind]


def _type_text(kind: Any) -> str:
    """Return a type in words, with a link to those that have a table."""
    if isinstance(kind, list):
        return " or ".join(_type_text(member) for member in kind)
    if isinstance(kind, dict):
        if kind["type"] == "array":
            return f"array of {_type_text(kind['items'])}"
        return str(kind.get("logicalType", kind["type"]))
    if kind in _SCALARS:
        return str(kind)
    short = kind.removeprefix("partita.")
    return f"[{short}](#{short.lower().replace('.', '')})"


def _example_of(name: str, examples: tuple[Message, ...]) -> Message | None:
    """Return an example of a message: one of these, or inside one of them."""
    waiting: list[Any] = list(examples)
    while waiting:
        value = waiting.pop(0)
        if type(value) is CLASSES.get(name):
            return value
        if isinstance(value, tuple):
            waiting.extend(value)
    return None


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return {field: _value(getattr(value, field)) for field in value._fields}
        return [_value(member) for member in value]
    return value.hex() if isinstance(value, bytes) else value


def _section(name: str, examples: tuple[Message, ...], *, record: bool) -> list[str]:
    schema = _schema(name)
    out = [f"### {name.removeprefix('partita.')}", "", schema["doc"], ""]
    if schema["type"] == "enum":
        symbols = ", ".join(f"`{symbol}`" for symbol in schema["symbols"])
        return [*out, f"Values, by their place: {symbols}.", ""]
    out += ["| field | type | meaning |", "|---|---|---|"]
    out += [f"| `{f['name']}` | {_type_text(f['type'])} | {f['doc']} |" for f in schema["fields"]]
    example = _example_of(name, examples)
    assert example is not None, f"{name} has no example"
    if record:
        data = encode(example)
        out += [
            "",
            f"An example, {len(data)} bytes; the first {HEAD_BYTES} say that this is the schema:",
            "",
            "```text",
            *_lines(data.hex()),
            "```",
        ]
    if not any(isinstance(f["type"], dict) and _names(f["type"]) for f in schema["fields"]):
        out += ["", "```json", json.dumps(_value(example), ensure_ascii=False), "```"]
    return [*out, ""]


def _lines(text: str) -> list[str]:
    return [text[at : at + 96] for at in range(0, len(text), 96)]


def render(page: Page) -> str:
    """Return what stands between the marks of a page."""
    records = [_full_name(example) for example in page.examples]
    waiting, seen = list(records), list[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.append(name)
        for field in _schema(name).get("fields", ()):
            waiting.extend(_names(field["type"]))
    out: list[str] = []
    for name in seen:
        out += _section(name, page.examples, record=name in records)
    return "\n".join(out).rstrip()


def with_tables(text: str, page: Page) -> str:
    """Return a page's text with what stands between the marks made anew."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{render(page)}\n\n{END}{after}"


def plain(example: Message) -> Any:
    """Return what an Avro library of anybody's reads from an example, by the schema files alone."""
    name = _full_name(example)
    schema = fastavro.schema.load_schema(str(AVRO / f"{name}.avsc"))
    return fastavro.schemaless_reader(io.BytesIO(encode(example)[HEAD_BYTES:]), schema, None)


def main() -> None:
    """Write all pages anew."""
    assert set(SCHEMAS) >= {_full_name(e) for page in PAGES for e in page.examples}
    for page in PAGES:
        path = Path(FOLDER / page.name)
        path.write_text(with_tables(path.read_text(), page))
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
