r"""Scenarios: what people do on one symbol and what must come of it, in a small text form.

One scenario runs on a book alone and on a live exchange, so its lines speak as clients do. A file
holds several; `#` begins a comment; every price is in ticks, every size in lots, every amount of
funds and fee in quote units (one lot at one tick is one unit).

    scenario: the first come is served first      a title begins a scenario
    fees maker 0 taker 2000                       optional: millionths, for all orders

    alice buy 10 @ 100 as a1                      a limit order, GTC; `as` gives it its name
    alice sell 5 @ 101 ioc as a2                  gtc, ioc, fok, or gtt 500 (milliseconds to live)
    alice buy 1 @ 99 post-only stp co as a3       stp dc (default), co, cn, cb
    bob sell market 3 as b1                       ioc, or fok when given
    bob buy market funds 1000 as b2               by funds; `market 3 funds 1000`: by both
    alice amend a1 5 @ 100                        new total size, new price
    alice cancel a1
    alice cancel all
    wait 500                                      milliseconds pass
    operator halts                                cancels only, until:
    operator resumes

After a line, what comes of it: all of it, in this order.

    => open a1 10 @ 100                           it rests with 10
    => trade a1 b1 3 @ 100                        maker, taker, size, price
    => changed a1 5 @ 100                         amended or decreased: 5 are left
    => done b1 filled
    => done a1 cancelled 7 requested              outcome, lots left, reason
    => refused a1 unknown_order                   a cancel or amend, with the reason
    => cancelled 2                                the answer to cancel all

At the end, the whole book; each side best first; nothing after `book` is an empty book.

    book
    ask 101 5 x 1                                 price, size, orders
    bid 100 10 x 2

`parse(text, source)` gives the scenarios as values (scenarios.values); a line that is none of these
raises ScenarioError with source and line number.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from scenarios.values import (
    Action,
    Amend,
    BookLine,
    Cancel,
    CancelAll,
    Changed,
    Done,
    Expected,
    Opened,
    OrdersCancelled,
    Place,
    Refused,
    Scenario,
    SetStatus,
    Step,
    Traded,
    Wait,
)

from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason


class ScenarioError(Exception):
    """A line that cannot be read; says where."""


_PLACE = re.compile(
    r"(?P<account>\w+) (?P<side>buy|sell) "
    r"(?:(?P<size>\d+) @ (?P<price>\d+)|market(?: (?P<lots>\d+))?(?: funds (?P<funds>\d+))?)"
    r"(?: (?P<tif>gtc|ioc|fok)| gtt (?P<live_ms>\d+))?(?P<post_only> post-only)?"
    r"(?: stp (?P<stp>dc|co|cn|cb))? as (?P<name>\w+)"
)


def _place(match: re.Match[str]) -> Place:
    part = match.groupdict()
    is_market = part["price"] is None
    default = TimeInForce.IOC if is_market else TimeInForce.GTC
    tif = TimeInForce(part["tif"].upper()) if part["tif"] else default
    return Place(
        account=part["account"],
        name=part["name"],
        side=Side(part["side"]),
        type=OrderType.MARKET if is_market else OrderType.LIMIT,
        time_in_force=TimeInForce.GTT if part["live_ms"] else tif,
        price=int(part["price"] or 0),
        size=int(part["size"] or part["lots"] or 0),
        funds=int(part["funds"] or 0),
        post_only=bool(part["post_only"]),
        self_trade=SelfTrade(part["stp"] or "dc"),
        live_ms=int(part["live_ms"] or 0),
    )


_ACTIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Action]], ...] = (
    (_PLACE, _place),
    (
        re.compile(r"(\w+) amend (\w+) (\d+) @ (\d+)"),
        lambda m: Amend(m[1], m[2], int(m[3]), int(m[4])),
    ),
    (re.compile(r"(\w+) cancel all"), lambda m: CancelAll(m[1])),
    (re.compile(r"(\w+) cancel (\w+)"), lambda m: Cancel(m[1], m[2])),
    (re.compile(r"wait (\d+)"), lambda m: Wait(int(m[1]))),
    (re.compile(r"operator halts"), lambda _: SetStatus(InstrumentStatus.HALTED)),
    (re.compile(r"operator resumes"), lambda _: SetStatus(InstrumentStatus.TRADING)),
)

_EXPECTED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Expected]], ...] = (
    (re.compile(r"open (\w+) (\d+) @ (\d+)"), lambda m: Opened(m[1], int(m[2]), int(m[3]))),
    (
        re.compile(r"trade (\w+) (\w+) (\d+) @ (\d+)"),
        lambda m: Traded(m[1], m[2], int(m[3]), int(m[4])),
    ),
    (re.compile(r"changed (\w+) (\d+) @ (\d+)"), lambda m: Changed(m[1], int(m[2]), int(m[3]))),
    (re.compile(r"done (\w+) filled"), lambda m: Done(m[1], Outcome.FILLED, 0, Reason.NONE)),
    (
        re.compile(r"done (\w+) (\w+) (\d+) (\w+)"),
        lambda m: Done(m[1], Outcome(m[2]), int(m[3]), Reason(m[4])),
    ),
    (re.compile(r"refused (\w+) (\w+)"), lambda m: Refused(m[1], Reason(m[2]))),
    (re.compile(r"cancelled (\d+)"), lambda m: OrdersCancelled(int(m[1]))),
)

_Value = TypeVar("_Value", Action, Expected)

_TITLE = re.compile(r"scenario: (.+)")
_FEES = re.compile(r"fees maker (\d+) taker (\d+)")
_LEVEL = re.compile(r"(ask|bid) (\d+) (\d+) x (\d+)")


def parse(text: str, source: str) -> list[Scenario]:
    """Return the scenarios of a text; source (a file's name) is for messages."""
    scenarios: list[Scenario] = []
    in_book = True
    for number, raw in enumerate(text.splitlines(), 1):
        line = " ".join(raw.partition("#")[0].split())
        if not line:
            continue
        if title := _TITLE.fullmatch(line):
            _finish(scenarios, in_book)
            scenarios.append(Scenario(title[1], f"{source}:{number}", 0, 0, (), (), ()))
            in_book = False
            continue
        try:
            if not scenarios:
                raise ValueError("a scenario begins with its title")  # noqa: TRY301 - the place is added below
            if line == "book":
                in_book = True
            else:
                scenarios[-1] = _extend(scenarios[-1], line, number, in_book)
        except ValueError as error:
            raise ScenarioError(f"{source}:{number}: {line!r}: {error}") from error
    _finish(scenarios, in_book)
    return scenarios


def _finish(scenarios: list[Scenario], in_book: bool) -> None:
    if not in_book:
        raise ScenarioError(f"{scenarios[-1].source}: a scenario ends with its book")


def _extend(scenario: Scenario, line: str, number: int, in_book: bool) -> Scenario:
    """Return the scenario with one more line; ValueError when it cannot be read."""
    if in_book:
        level = _LEVEL.fullmatch(line)
        if level is None:
            raise ValueError("not a level of the book")
        row = BookLine(int(level[2]), int(level[3]), int(level[4]))
        if level[1] == "bid":
            return scenario._replace(bids=(*scenario.bids, row))
        return scenario._replace(asks=(*scenario.asks, row))
    if line.startswith("=> "):
        if not scenario.steps:
            raise ValueError("nothing was done yet")
        step = scenario.steps[-1]
        expected = (*step.expected, _read(_EXPECTED, line.removeprefix("=> ")))
        return scenario._replace(steps=(*scenario.steps[:-1], step._replace(expected=expected)))
    if fees := _FEES.fullmatch(line):
        return scenario._replace(maker_fee_ppm=int(fees[1]), taker_fee_ppm=int(fees[2]))
    return scenario._replace(steps=(*scenario.steps, Step(number, _read(_ACTIONS, line), ())))


def _read(
    forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Value]], ...], line: str
) -> _Value:
    for pattern, make in forms:
        if match := pattern.fullmatch(line):
            return make(match)
    raise ValueError("none of the forms at the top of scenarios/parser.py")
