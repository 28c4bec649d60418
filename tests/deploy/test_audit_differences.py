"""`partita audit` of logs that were tampered with: each difference is found, and told where."""

import pytest
from audited.exchange import BTC_USD, traded
from audited.forge import (
    BTC,
    end_of,
    forge_feed,
    forge_order,
    forge_report,
    kinds,
    rewrite,
    texts,
    with_event,
)
from simulation.breakages import broken, improvement_kept, last_in_first_out

from partita.deploy.audit.edges import Edge
from partita.deploy.audit.findings import Kind
from partita.deploy.audit.show import show, verdict
from partita.log.changelog import Changelog, Place
from partita.log.memory import Stored
from partita.log.port import Outgoing
from partita.schemas import accounts, feed, orders, reports
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.enums import Line, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    DEAD_LETTERS,
    LEDGER_CHANGELOG,
    ORDERS,
)


def test_an_altered_event_is_found_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    """A trade is published at another price than the book's."""
    exchange = traded()
    numbers = []

    def dearer(batch: Message) -> Message | None:
        found = with_event(
            batch,
            lambda event: isinstance(event, feed.Traded),
            lambda event: event._replace(price=event.price + 1),
        )
        if found is None:
            return None
        numbers.append(found[0])
        return found[1]

    rewrite(exchange.log, BOOK, 0, dearer)

    findings = exchange.audit()

    (text,) = texts(findings, Kind.EVENT)
    said = f"BTC-USD -> readers on book/0: number {numbers[0]} was said as Traded("
    assert text.startswith(said)
    assert ("differs", 0) == (verdict(findings), findings.unsent)
    assert {(ORDERS, 0)} == findings.different
    show(findings, None)
    assert said in " ".join(capsys.readouterr().out.split())


def test_an_altered_balance_is_found_twice() -> None:
    """By its number, and by the second opinion, which knows nothing of numbers and chains."""
    exchange = traded()

    def richer(batch: Message) -> Message | None:
        # Not behind a transfer, of which the private stream does not tell the amount.
        if not isinstance(batch.groups[0].events[0], accounts.Filled):
            return None
        found = with_event(
            batch,
            lambda event: isinstance(event, accounts.Balance),
            lambda event: event._replace(available=event.available + 1),
        )
        return None if found is None else found[1]

    rewrite(exchange.log, ACCOUNT_EVENTS, 1, richer)

    findings = exchange.audit()

    (text,) = texts(findings, Kind.EVENT)
    assert text.startswith("shard 1 -> readers on account-events/1: number ")
    assert "is +1 units from what its fills and transfers make" in texts(findings, Kind.STREAM)[0]


def test_what_a_wrong_worker_has_done_is_found_by_a_right_build() -> None:
    """Books that let the latest order of a price trade first: other events, and other hashes."""
    with broken(last_in_first_out):
        exchange = traded()

    assert {Kind.EVENT, Kind.HASH} <= kinds(exchange.audit())


def test_a_build_that_is_wrong_itself_is_found_out_by_what_must_add_up() -> None:
    """It makes the same hashes and events again; but an order holds more than it needs."""
    with broken(improvement_kept):
        findings = traded().audit()

    assert Kind.HOLD in kinds(findings)
    assert not {Kind.EVENT, Kind.HASH} & kinds(findings)


def test_a_missing_event_is_a_difference_though_all_others_stand() -> None:
    """Its book has a snapshot behind it: a reader would wait for ever."""
    exchange = traded()
    del exchange.log.partitions[BOOK, 1][20]

    findings = exchange.audit()

    (text,) = texts(findings, Kind.EVENT)
    assert text.startswith("ETH-USD -> readers on book/1: number ")
    assert text.endswith(" is missing, and later ones stand there")
    assert 0 == findings.unsent


def test_a_missing_event_that_comes_again_is_told_of() -> None:
    """It is behind the newest snapshot of its book: started again, the matcher says it again."""
    exchange = traded()
    for _ in range(3):  # at one log time, so no snapshot is due in between
        exchange.place(1, BTC_USD, Side.BUY, 90, 5)
        exchange.run()
    del exchange.log.partitions[BOOK, 0][-2]

    findings = exchange.audit()

    assert ("clean", 2) == (verdict(findings), findings.unsent)
    (note, _) = findings.notes
    assert note.endswith("it comes again when its sender is started again")


def test_one_event_too_many_is_found() -> None:
    """The next number with the right chain: a reader would have believed it."""
    exchange = traded()
    number = forge_feed(exchange, feed.Traded(99_999, 1, 2, Side.BUY, 100, 5))

    findings = exchange.audit()

    assert {Kind.EVENT} == kinds(findings)
    (text,) = texts(findings, Kind.EVENT)
    assert f"BTC-USD -> readers on book/0: number {number} stands there" in text
    assert "was never said: Traded(trade_id=99999" in text


def test_an_event_of_nobody_is_found() -> None:
    """A feed of a symbol that is not listed, and records that are no events."""
    exchange = traded(steps=20)
    group = feed.FeedGroup(77, 1, 0, 5, (feed.Done(1, Outcome.FILLED, 0),))
    batch = encode(feed.FeedBatch(b"", Line.A, (group,)))
    exchange.log.append(Outgoing(BOOK, 0, None, batch))
    exchange.log.append(Outgoing(BOOK, 1, None, encode(orders.Tick(b""))))
    exchange.log.append(Outgoing(ACCOUNT_EVENTS, 1, None, b"nonsense"))

    findings = exchange.audit()

    (text,) = texts(findings, Kind.EVENT)
    assert text.startswith("instrument 77 -> readers on book/0: number 1 stands there")
    assert 2 == len(texts(findings, Kind.RECORD))


def test_a_forged_report_is_found_and_so_is_what_it_did() -> None:
    """The book never ended the order; the shard has released its hold."""
    exchange = traded()
    exchange.place(1, BTC_USD, Side.BUY, 90, 5)
    exchange.run()
    order = max(exchange.open_orders(1))
    done = reports.Done(order, Outcome.CANCELLED, Reason.REQUESTED, 5, 0)
    number = forge_report(exchange, 1, done)
    exchange.run()

    findings = exchange.audit()

    assert {Kind.EVENT, Kind.ORDER} == kinds(findings)
    where = "BTC-USD -> shard 1 on account-commands/1"
    expected = f"{where}: number {number} was never said, and {done} stands there"
    assert [expected] == texts(findings, Kind.EVENT)
    (text,) = texts(findings, Kind.ORDER)
    assert text.startswith(f"order {order} rests in BTC-USD, and is not open in shard 1")


def test_a_forged_order_is_found() -> None:
    """Nobody has reserved the funds of what the book has taken."""
    exchange = traded()
    kind = (Side.BUY, OrderType.LIMIT, TimeInForce.GTC, 1, 1, 0, False, SelfTrade.DC, 0, 0, 0)
    number = forge_order(exchange, 1, orders.NewOrder(4_000_001, 1, *kind))

    findings = exchange.audit()

    text = texts(findings, Kind.EVENT)[0]
    assert f"shard 1 -> BTC-USD on orders/0: number {number} was never said" in text
    rests = "order 4000001 rests in BTC-USD, and is not open in shard 1"
    assert any(text.startswith(rests) for text in texts(findings, Kind.ORDER))


def test_a_snapshot_of_another_state_is_found() -> None:
    """The manifest of a live machine is its hash; the log makes another one."""
    exchange = traded()
    changelog = Changelog(exchange.log.records(LEDGER_CHANGELOG, 0))
    manifest = changelog.of_machine("shard 0")[0]
    place = Place(LEDGER_CHANGELOG, 0)
    exchange.log.append(place.manifest(manifest._replace(sha256=bytes(32))))

    findings = exchange.audit()

    assert {Kind.HASH} == kinds(findings)
    (text,) = texts(findings, Kind.HASH)
    assert text.startswith(f"shard 0, line A, at offset {manifest.position} of account-commands/0:")
    assert {(ACCOUNT_COMMANDS, 0)} == findings.different

    exchange.log.append(place.manifest(manifest._replace(edges=bytes(32))))
    (text,) = texts(exchange.audit(), Kind.HASH)
    assert "it had taken or said something else" in text


def test_a_snapshot_behind_the_end_of_the_log_is_found() -> None:
    """Records were lost, as after an unclean election."""
    exchange = traded()
    stored = exchange.log.partitions[ORDERS, 1]
    del stored[len(stored) // 2 :]

    findings = exchange.audit()

    assert "records are lost" in texts(findings, Kind.LOST)[0]
    assert Kind.EVENT in kinds(findings)  # and what was said of them is from nowhere


def test_a_line_that_diverged_and_was_refused_is_told_of() -> None:
    """Its leftovers stand on the log; nobody believed them, so nothing differs."""
    exchange = traded((Line.A, Line.B))
    published = end_of(exchange, Edge(BOOK, 0, BTC, 0))
    other = feed.FeedGroup(BTC, published.number, 1, 5, (feed.Done(1, Outcome.EXPIRED, 3),))
    batch = encode(feed.FeedBatch(b"", Line.B, (other,)))
    exchange.log.append(Outgoing(BOOK, 0, None, batch))
    reported = end_of(exchange, Edge(ACCOUNT_COMMANDS, 0, BTC, 0))
    done = reports.Done(3, Outcome.EXPIRED, Reason.TIME_REACHED, 3, 0)
    group = reports.ReportGroup(BTC, reported.number, 12345, (done,))
    batch = encode(reports.ReportBatch(b"", Line.B, (group,)))
    exchange.log.append(Outgoing(ACCOUNT_COMMANDS, 0, None, batch))

    findings = exchange.audit()

    assert "clean" == verdict(findings)
    assert ["BTC-USD -> readers on book/0", "BTC-USD -> shard 0, line B"] == [
        note.partition(": 1 groups of another past stand there")[0] for note in findings.notes
    ]


def test_a_line_that_diverged_and_was_believed_is_found() -> None:
    """It came first, so its word stands; the right line was refused."""
    exchange = traded((Line.A, Line.B))
    number = forge_feed(exchange, feed.Opened(99_999, Side.BUY, 1, 1))
    exchange.trade(seed=2, steps=30)

    findings = exchange.audit()

    (text,) = texts(findings, Kind.EVENT)
    assert f"BTC-USD -> readers on book/0: number {number} was said as" in text
    assert "Opened(order_id=99999" in text


def test_dead_letters_are_those_of_records_that_cannot_be_read() -> None:
    """One that is not there yet is told of; one of a record that can be read is a difference."""
    exchange = traded(steps=20)
    exchange.log.append(Outgoing(ORDERS, 0, None, b"nonsense"))
    assert ["1 dead letters are not on the log yet"] == list(exchange.audit().notes)
    exchange.run()
    assert ("clean", ()) == (verdict(exchange.audit()), exchange.audit().notes)
    letter = DeadLetter(ORDERS, 1, 3, 0, "it is fine", b"", 0, b"")
    exchange.log.append(Outgoing(DEAD_LETTERS, 0, b"orders/1/3", encode(letter)))

    assert ["there is a dead letter of orders/1/3, and the record there can be read"] == texts(
        exchange.audit(), Kind.RECORD
    )


def test_an_event_ahead_of_all_others_is_found_on_an_input() -> None:
    """A group with a number far ahead waits at its receiver for ever; nobody has said it."""
    exchange = traded()
    number, _ = end_of(exchange, Edge(ACCOUNT_COMMANDS, 0, BTC, 0))
    group = reports.ReportGroup(BTC, number + 9, 1, (reports.Opened(1, 1),))
    batch = encode(reports.ReportBatch(b"", Line.A, (group,)))
    exchange.log.append(Outgoing(ACCOUNT_COMMANDS, 0, None, batch))

    where = "BTC-USD -> shard 0 on account-commands/0"
    assert [f"{where}: number {number + 9} stands there and was never said"] == texts(
        exchange.audit(), Kind.EVENT
    )


def test_a_lost_report_is_found_on_an_input() -> None:
    """The shard waits for it while later ones stand behind it."""
    exchange = traded()
    stored = exchange.log.partitions[ACCOUNT_COMMANDS, 0]
    for at in range(len(stored) // 2, len(stored)):
        if isinstance(decode(stored[at].value), reports.ReportBatch):
            stored[at] = Stored(stored[at].time_ms, None, encode(orders.Tick(b"")))
            break

    found = texts(exchange.audit(), Kind.EVENT)

    missing = [text for text in found if "is missing, and later ones stand there" in text]
    assert missing
    assert all("-> shard 0 on account-commands/0" in text for text in missing)
