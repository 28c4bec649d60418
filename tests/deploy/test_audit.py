"""`partita audit` of sound exchanges: at rest, on the move, trimmed, killed, parked."""

import random
from collections.abc import Iterator, Sequence
from hashlib import sha256

import pytest
from audited.exchange import (
    BTC_USD,
    ENGINES,
    ETH_USD,
    SHAPE,
    Exchange,
    MemorySource,
    Quiet,
    traded,
)
from audited.forge import forge_report
from simulation.scheduler import Simulation

from partita.deploy.audit.findings import Findings
from partita.deploy.audit.run import Auditor
from partita.deploy.audit.show import as_json, show, verdict
from partita.deploy.audit.spool import Spool
from partita.log.memory import MemoryLog
from partita.log.port import Outgoing, Record
from partita.schemas import reports
from partita.schemas.codec import encode
from partita.schemas.enums import Line, Liquidity, Side
from partita.schemas.errors import LogError
from partita.schemas.operations import Pass
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOK, ORDERS, PASSES


@pytest.mark.parametrize("lines", [(Line.A,), (Line.A, Line.B)], ids=["A", "A and B"])
def test_a_sound_exchange_is_clean_from_offset_0(lines: Sequence[Line]) -> None:
    """Every event, the hash of every kept snapshot, and every balance are as the log makes them."""
    exchange = traded(lines)

    findings = exchange.audit(account=1)

    assert ("clean", 0, []) == (verdict(findings), findings.unsent, list(findings.notes))
    # Two kept snapshots of each of four machines and each line.
    assert 8 * len(lines) == sum(row.hashes for row in findings.partitions)
    assert [0, 0, 0, 0] == [row.start for row in findings.partitions]
    assert all(row.events > 100 for row in findings.partitions)
    assert 0 < {row.asset: row.fees for row in findings.assets}["USD"]
    for row in findings.assets:
        assert row.transferred_in is not None
        assert row.transferred_out is not None
        assert row.transferred == row.transferred_in - row.transferred_out
        assert row.transferred == row.available + row.held + row.fees + row.in_flight
        assert 0 == row.difference == row.in_flight
    assert findings.balances is not None
    assert ["BTC", "ETH", "USD"] == [row.asset for row in findings.balances]


def test_a_trimmed_exchange_is_clean_from_its_oldest_snapshots() -> None:
    """It says so; the newer snapshots are compared, and what was published before them, too."""
    findings = traded(trim=True).audit()

    assert ("clean", []) == (verdict(findings), list(findings.notes))
    assert all(row.from_snapshots and row.start > 0 for row in findings.partitions)
    assert [1, 1, 1, 1] == [row.hashes for row in findings.partitions]


def _moving(seed: int) -> Findings:
    """Audit an exchange that goes on between any two looks at its log."""
    rng = random.Random(seed)
    exchange = Exchange(rng.choice([(Line.A,), (Line.A, Line.B)]))
    exchange.fund(range(1, 9))
    looks = 0

    def go_on() -> bool:
        nonlocal looks
        looks += 1
        for _ in range(rng.randint(0, 4)):
            if looks < 100:  # then it only finishes
                exchange.log.time_ms += rng.randint(0, 200)
                account, rules = rng.randint(1, 8), rng.choice((BTC_USD, ETH_USD))
                side = rng.choice((Side.BUY, Side.SELL))
                exchange.place(account, rules, side, rng.randint(98, 102), rng.randint(1, 20))
            worker, connection = rng.choice([*exchange.ledgers, *exchange.matchers])
            worker.step(0)
            connection.deliver(rng.choice((0, 1, None)))
        return looks < 1_000

    class Moving(MemorySource):
        def bounds(self, topic: str, partition: int) -> tuple[int, int]:
            found = super().bounds(topic, partition)
            go_on()
            return found

        def records(
            self, topic: str, partition: int, first: int, end: int
        ) -> Iterator[Sequence[Record]]:
            for records in super().records(topic, partition, first, end):
                go_on()
                yield records

    for _ in range(50):
        go_on()
    looks = 0
    return Auditor(Moving(exchange.log, go_on), SHAPE, ENGINES, Quiet()).audit()


@pytest.mark.parametrize("seed", range(8))
def test_an_exchange_that_goes_on_meanwhile_is_clean(seed: int) -> None:
    """Orders, reports and money are in flight at any cut; they are accounted for by number."""
    findings = _moving(seed)

    assert ((), 0, 0) == (findings.differences, findings.difference_count, findings.unsent)


@pytest.mark.parametrize("seed", range(6))
def test_an_exchange_on_which_everything_went_wrong_is_clean(seed: int) -> None:
    """Crashes, zombies, diverging lines, lost and doubled records: the log is right."""
    simulation = Simulation(seed)
    simulation.run()

    findings = Auditor(MemorySource(simulation.venue.log), SHAPE, ENGINES, Quiet()).audit()

    assert ((), 0) == (findings.differences, findings.unsent)
    assert all(row.events for row in findings.partitions)


def test_money_in_flight_is_told_as_such() -> None:
    """A fill that one party's shard has taken and the other's has not is no difference."""
    exchange = Exchange()
    exchange.fund((1, 2))
    exchange.place(1, BTC_USD, Side.SELL, 100, 5)
    exchange.run()
    exchange.place(2, BTC_USD, Side.BUY, 100, 5)
    (ledger, to_ledger), (matcher, to_matcher) = exchange.ledgers[0], exchange.matchers[0]
    ledger.step(0)
    to_ledger.deliver()
    matcher.step(0)
    for outgoing in list(to_matcher.under_way):  # shard 0 is that of the buyer
        if (outgoing.topic, outgoing.partition) == (ACCOUNT_COMMANDS, 0):
            to_matcher.under_way.remove(outgoing)
    to_matcher.deliver()
    ledger.step(0)
    to_ledger.deliver()

    findings = exchange.audit()

    assert ("clean", 2) == (verdict(findings), findings.unsent)  # the buyer's Filled and Done
    flying = {row.asset for row in findings.assets if row.in_flight}
    assert {"BTC", "USD"} == flying
    assert all(row.difference == 0 for row in findings.assets)


def test_what_a_killed_worker_has_yet_to_say_is_no_difference() -> None:
    """Its inputs are on the log, so the log makes what follows; the next start sends it."""
    exchange = traded()
    exchange.place(1, BTC_USD, Side.BUY, 100, 5)
    ledger, connection = exchange.ledgers[0]
    ledger.step(0)
    connection.under_way.clear()  # it dies here

    findings = exchange.audit()

    assert ("clean", 3) == (verdict(findings), findings.unsent)  # received, a balance, the order
    (note,) = findings.notes
    assert note.startswith("3 events were said and are not on the log yet: the workers send them")


def give_pass(exchange: Exchange, record: Record, digest: bytes | None = None) -> None:
    """Write the operator's word to go past a record of account-commands."""
    digest = digest or sha256(record.value).digest()
    passed = Pass(b"", ACCOUNT_COMMANDS, record.partition, record.offset, digest, "a test")
    key = f"{ACCOUNT_COMMANDS}/{record.partition}/{record.offset}".encode()
    exchange.log.append(Outgoing(PASSES, 0, key, encode(passed)))


def test_a_parked_place_is_told_of_with_what_is_proven_before_it() -> None:
    """A shard cannot go past a schema that it does not know; with the operator's word it can."""
    exchange = traded()
    unknown = b"\xc3\x01" + bytes(range(8))
    exchange.log.append(Outgoing(ACCOUNT_COMMANDS, 0, None, unknown))
    record = exchange.log.records(ACCOUNT_COMMANDS, 0)[-1]

    findings = exchange.audit()

    assert "parked" == verdict(findings)
    assert ["", "", ""] == [row.parked for row in findings.partitions[1:]]
    first = findings.partitions[0]
    assert first.parked.startswith(f"parked at offset {record.offset}: schema fingerprint")
    assert record.offset == first.end == first.records
    give_pass(exchange, record, bytes(32))
    assert "parked" == verdict(exchange.audit())
    give_pass(exchange, record)
    findings = exchange.audit()
    assert "clean" == verdict(findings)
    (note,) = findings.notes
    assert "passed by the operator's word" in note


def test_a_machine_that_fails_parks_and_its_word_before_is_proven() -> None:
    """A shard cannot take a fill of an order that it never had: half of it must not count."""
    exchange = traded()
    forge_report(exchange, 0, reports.Filled(888_888, 1, 100, 1, 0, Liquidity.MAKER))
    offset = exchange.log.records(ACCOUNT_COMMANDS, 0)[-1].offset

    findings = exchange.audit()

    assert "parked" == verdict(findings)
    reason = f"parked at offset {offset}: AssertionError: order 888888 is unknown"
    assert reason == findings.partitions[0].parked


def test_money_of_a_report_that_was_passed_stays_in_flight() -> None:
    """The buyer's fill had no effect, by the operator's word: it is accounted for, and told of."""
    exchange = Exchange()
    exchange.fund((1, 2))
    exchange.place(1, BTC_USD, Side.SELL, 100, 5)
    exchange.run()
    exchange.place(2, BTC_USD, Side.BUY, 100, 7)
    (ledger, to_ledger), (matcher, to_matcher) = exchange.ledgers[0], exchange.matchers[0]
    ledger.step(0)
    to_ledger.deliver()
    matcher.step(0)
    to_matcher.deliver()
    give_pass(exchange, exchange.log.records(ACCOUNT_COMMANDS, 0)[-1])  # before it is taken
    exchange.restart_ledgers()
    exchange.run()

    findings = exchange.audit()

    assert ("clean", 0) == (verdict(findings), findings.unsent)
    assert {"BTC", "USD"} == {row.asset for row in findings.assets if row.in_flight}
    assert all(row.difference == 0 for row in findings.assets)
    assert any("passed by the operator's word" in note for note in findings.notes)


def test_a_log_of_another_exchange_is_refused() -> None:
    """The topics were created again under snapshots that are from before."""
    exchange = traded()
    exchange.log.topic_ids[BOOK] = "another"

    with pytest.raises(LogError, match="created again"):
        exchange.audit()


def test_a_copy_is_read_in_place_of_what_was_trimmed() -> None:
    """What was copied, and behind it what has come since; nothing twice, nothing left out."""
    log = MemoryLog()
    for number in range(30):
        log.append(Outgoing(ORDERS, 0, None, b"%d" % number * number))
    spool = Spool(MemorySource(log))
    spool.copy(ORDERS, 0, 5, 12)
    spool.copy(ORDERS, 0, 12, 20)
    log.starts[ORDERS, 0] = 18

    for first, end in ((5, 30), (7, 9), (12, 20), (20, 30), (25, 25)):
        found = [one for some in spool.records(ORDERS, 0, first, end) for one in some]
        assert log.records(ORDERS, 0, first)[: end - first] == found
    spool.close()


def test_the_findings_are_shown_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A table for people, one value for programs."""
    findings = traded(steps=30).audit(account=1)

    show(findings, 1)
    found = as_json(findings)

    text = capsys.readouterr().out
    for part in ("account-commands", "offset 0", "difference", "account 1", "clean: the log makes"):
        assert part in text
    assert "clean" == found["verdict"]
    assert [True, True, True, True] == [row["agrees"] for row in found["partitions"]]
    assert ["BTC", "ETH", "USD"] == [row.asset for row in found["assets"]]
