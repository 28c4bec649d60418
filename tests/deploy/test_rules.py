"""The operator's changes of rules on a running exchange, as they are typed."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from terminals.operated import (
    BUYER,
    PATIENCE_S,
    SELLER,
    VALUES,
    dollars,
    funded,
    instruments_file,
    sizes,
    tell,
    told,
)
from terminals.terminal import Terminal, trimmed

from partita.deploy.exchange import Exchange, Plan
from partita.producers import Client
from partita.schemas.enums import InstrumentStatus

pytestmark = pytest.mark.kafka

ADDED = (
    "--tick 0.5 --lot 0.01 --min-size 0.01 --max-size 9 --max-price 1000"
    " --maker-fee 0 --taker-fee 0.001 --base-decimals 8"
)


def test_a_halted_symbol_takes_cancels_only_until_it_is_resumed(operator: Terminal) -> None:
    """As soon as the command has returned, on every shard."""
    symbol = funded(operator, "HALT")
    resting = operator.json(f"place {SELLER} sell {symbol} 1 --price 50")["order_id"]

    (halted,) = operator.json(f"instruments halt {symbol}")
    assert ("halted", 2, True) == (halted["status"], halted["version"], halted["changed"])
    for line in (
        f"place {SELLER} sell {symbol} 1 --price 50",
        f"place {BUYER} buy {symbol} 1 --price 50",
        f"amend {SELLER} {resting} --size 0.5",
    ):
        ended = operator.type(line)
        assert 3 == ended.code
        assert "not_trading" in ended.err
    assert 1 == operator.json(f"cancel {SELLER} {resting}")["cancelled"]

    shown = operator.type(f"instruments resume {symbol}")
    assert shown.out.startswith(f"resumed {symbol}\nsymbol")
    resting = operator.json(f"place {SELLER} sell {symbol} 1 --price 50")["order_id"]
    operator.json(f"cancel {SELLER} {resting}")


def test_new_fees_are_for_new_orders(operator: Terminal) -> None:
    """An order placed before keeps its rates for life."""
    symbol = funded(operator, "FEES")
    had = dollars(operator, SELLER)
    operator.json(f"place {SELLER} sell {symbol} 2 --price 100")

    (now,) = operator.json(f"instruments set {symbol} --maker-fee 0.01 --taker-fee 0.02")
    assert ("1.0000", "2.0000") == (now["maker_fee_percent"], now["taker_fee_percent"])
    taken = operator.json(f"place {BUYER} buy {symbol} 2 --price 100")

    assert "4" == trimmed(taken["fees"])  # 2 % of 200
    assert Decimal("199.8") == dollars(operator, SELLER) - had  # 200 less 0.1 %


def test_new_limits_are_for_new_orders(operator: Terminal) -> None:
    """What is beyond them is refused; the values not named stay as they were."""
    symbol = funded(operator, "CAPS")
    before = told(operator.bootstrap, symbol)
    operator.json(f"instruments set {symbol} --min-size 0.5 --max-size 2 --max-price 60")

    expected = before._replace(version=2, min_size=5_000, max_size=20_000, max_price=6_000)
    assert expected == told(operator.bootstrap, symbol)
    for order, says in (("0.4 --price 50", "0.5"), ("3 --price 50", "2"), ("1 --price 61", "60")):
        ended = operator.type(f"place {SELLER} sell {symbol} {order}")
        assert 2 == ended.code  # the client knows them too
        assert says in ended.err


def test_an_instrument_is_added_and_trades_at_once(operator: Terminal) -> None:
    """With the next number, and new assets; a second time there is nothing to change."""
    (added,) = operator.json(f"instruments add ADDED-USD {ADDED}")
    shown = (added["tick"], added["lot"], added["version"], added["changed"])
    assert ("0.5", "0.01", 1, True) == shown

    symbol = funded(operator, "ADDED")
    operator.json(f"place {SELLER} sell {symbol} 1 --price 10.5")
    assert "filled" == operator.json(f"place {BUYER} buy {symbol} 1 --price 10.5")["outcome"]

    again = operator.type(f"instruments add ADDED-USD {ADDED}")
    assert (0, "nothing to change") == (again.code, again.out.splitlines()[0])
    other = operator.type(f"instruments add ADDED-USD {ADDED.replace('0.5', '0.25')}")
    assert (2, "") == (other.code, other.out)
    assert "is listed already, with other rules" in other.err


def test_a_file_adds_what_is_not_listed(operator: Terminal, tmp_path: Path) -> None:
    """Those that are listed stay as they are; numbers go on, and partitions by turns."""
    before = told(operator.bootstrap, "KEPT-USD")
    file = instruments_file(tmp_path, "KEPT", "FILEA", "FILEB")
    other = f"KEPT-USD,{VALUES}".replace("0.002", "0.9")
    file.write_text(file.read_text().replace(f"KEPT-USD,{VALUES}", other))

    shown = operator.json(f"instruments add --file {file}")

    assert [False, True, True] == [row["changed"] for row in shown]
    assert before == told(operator.bootstrap, "KEPT-USD")
    first, second = (told(operator.bootstrap, f"{base}-USD") for base in ("FILEA", "FILEB"))
    assert first.instrument_id + 1 == second.instrument_id
    assert {0, 1} == {first.partition, second.partition}
    assert first.base_asset_id != second.base_asset_id
    assert first.quote_asset_id == second.quote_asset_id == before.quote_asset_id


def test_listing_that_was_interrupted_is_completed(operator: Terminal) -> None:
    """Clients were told, the book was not: the same command does the rest."""
    line = f"instruments add HALF-USD {ADDED}"
    operator.json(line)
    half = told(operator.bootstrap, "HALF-USD")
    gone = half._replace(
        instrument_id=half.instrument_id + 1,
        symbol="GONE-USD",
        base_asset="GONE",
        base_asset_id=half.base_asset_id + 1,
        partition=1 - half.partition,
    )
    tell(operator.bootstrap, gone)

    (done,) = operator.json(line.replace("HALF", "GONE"))

    assert (gone.instrument_id, True) == (done["instrument_id"], done["changed"])
    symbol = funded(operator, "GONE")
    assert "open" == operator.json(f"place {SELLER} sell {symbol} 1 --price 1")["state"]


def test_the_venue_is_halted_and_resumed_whole(operator: Terminal) -> None:
    """All at once; what is halted already has nothing to change."""
    first = told(operator.bootstrap, "KEPT-USD").version
    operator.json("instruments halt STOP-USD")
    halted = operator.json("instruments halt --all")
    assert {"halted"} == {row["status"] for row in halted}
    assert {"STOP-USD"} == {row["symbol"] for row in halted if not row["changed"]}

    resumed = operator.json("instruments resume --all")
    assert {("trading", True)} == {(row["status"], row["changed"]) for row in resumed}
    assert first + 2 == told(operator.bootstrap, "KEPT-USD").version


def test_what_is_so_already_is_not_written(operator: Terminal) -> None:
    """It says so, and shows the rules in force."""
    version = told(operator.bootstrap, "SAME-USD").version
    before = sizes(operator.bootstrap)
    for line in ("resume SAME-USD", "set SAME-USD --taker-fee 0.0020 --max-size 1000"):
        ended = operator.type(f"instruments {line}")
        assert (0, "nothing to change") == (ended.code, ended.out.splitlines()[0])
        assert "SAME-USD" in ended.out
    (same,) = operator.json("instruments resume SAME-USD")
    assert (version, False) == (same["version"], same["changed"])
    assert before == sizes(operator.bootstrap)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("halt XXX-USD", "symbol 'XXX-USD': is not listed"),
        ("halt SAME-USD XXX-USD", "symbol 'XXX-USD': is not listed"),
        ("resume", "give one or more symbols, or --all"),
        ("halt --all SAME-USD", "give one or more symbols, or --all"),
        ("set XXX-USD --taker-fee 0.1", "symbol 'XXX-USD': is not listed"),
        ("set SAME-USD", "give at least one"),
        ("set SAME-USD --tick 0.1", "--tick never changes"),
        ("set SAME-USD --lot 1 --base-decimals 2", "--lot, --base-decimals never changes"),
        ("set SAME-USD --taker-fee NaN", "taker_fee 'NaN'"),
        ("set SAME-USD --taker-fee 1e-3", "taker_fee '1e-3'"),
        ("set SAME-USD --taker-fee 1.1", "taker_fee '1.1': must be from 0 to 1"),
        ("set SAME-USD --maker-fee -0.1", "maker_fee '-0.1': must be from 0 to 1"),
        ("set SAME-USD --maker-fee 0.0000001", "maker_fee '0.0000001': must be a multiple"),
        ("set SAME-USD --min-size 0.00001", "min_size '0.00001': must be a multiple"),
        ("set SAME-USD --min-size 0", "min_size '0': must be more than 0"),
        ("set SAME-USD --min-size 1001", "must be at most max_size"),
        ("set SAME-USD --max-size 0.0005", "must be at most max_size"),
        ("set SAME-USD --max-price 0.001", "max_price '0.001': must be a multiple"),
        ("set SAME-USD --max-price 1" + 40 * "0", "max_price '1"),
        ("add", "give SYMBOL with its values"),
        ("add NEW-USD", "--tick, --lot"),
        (f"add NEWUSD {ADDED}", "must be BASE-QUOTE"),
        (f"add NEW-USD {ADDED} --tick NaN", "tick 'NaN'"),
        (f"add NEW-USD {ADDED} --lot -1", "lot '-1': must be more than 0"),
        (f"add NEW-USD {ADDED} --lot 0.000000001", "lot '0.000000001': must be a multiple"),
        (f"add NEW-USD {ADDED} --taker-fee 2", "taker_fee '2': must be from 0 to 1"),
        (f"add NEW-USD {ADDED} --base-decimals 11", "base_decimals '11'"),
        (f"add NEW-SAME {ADDED} --quote-decimals 2", "decimals 2: SAME has 8"),
        (f"add N\u00c4W-USD {ADDED}", "ASCII letters and digits"),
        ("add --file /no/such.csv", "does not exist"),
        ("add --file /etc/hostname", "columns are missing"),
        ("add NEW-USD --file /etc/hostname", "give SYMBOL with its values"),
    ],
)
def test_what_no_book_would_take_is_refused_and_nothing_is_sent(
    operator: Terminal, line: str, says: str
) -> None:
    """Exit code 2, and a line that names what is wrong."""
    before = sizes(operator.bootstrap)
    ended = operator.type(f"instruments {line}")
    assert (2, "") == (ended.code, ended.out)
    assert says in ended.err
    assert before == sizes(operator.bootstrap)


def test_the_next_start_leaves_changes_as_they_are(operator: Terminal, tmp_path: Path) -> None:
    """`partita up` lists its file again; what was changed in band stays changed."""
    symbol = funded(operator, "BACK")
    operator.json(f"instruments set {symbol} --taker-fee 0.01")
    operator.json(f"instruments halt {symbol}")
    changed = told(operator.bootstrap, symbol)
    assert InstrumentStatus.HALTED is changed.status

    again = Exchange(
        Plan(
            tmp_path, instruments_file(tmp_path, "BACK"), operator.bootstrap, ledgers=0, matchers=0
        )
    )
    with again:
        again.start(lambda _: None)

    assert changed == told(operator.bootstrap, symbol)
    assert "not_trading" in operator.type(f"place {BUYER} buy {symbol} 1 --price 1").err
    operator.json(f"instruments resume {symbol}")  # the book still stands where clients are told
    assert changed.version + 1 == told(operator.bootstrap, symbol).version


async def test_a_running_client_hears_of_changes(venue: Exchange, operator: Terminal) -> None:
    """It follows the topic: a new symbol can be traded, new limits go by, without connecting."""

    async def heard(holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, "it was never told"
            await asyncio.sleep(0.01)

    async with Client.connecting(venue.bootstrap) as client:
        stream = client.tickers()
        operator.json(f"instruments add HEARD-USD {ADDED}")
        operator.json("instruments set TOLD-USD --max-size 3")
        await heard(lambda: "HEARD-USD" in client.instruments)
        await heard(lambda: client.instruments["TOLD-USD"].max_size == 30_000)
        await client.transfer(SELLER, "HEARD", "5")
        placed = await client.place(SELLER, "HEARD-USD", "sell", price="7.5", size="1")
        assert "open" == (await client.outcome(SELLER, placed)).state
        async for ticker in stream:
            if (ticker.symbol, ticker.ask) == ("HEARD-USD", Decimal("7.5")):
                break
