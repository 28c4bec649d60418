"""Snapshots of a partition with two books, the second of which is listed later."""

from books.make import INSTRUMENT
from log_machines.bench import Notes

from partita.log.changelog import Changelog
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing
from partita.log.role import Role
from partita.log.worker import Worker
from partita.matchers.partition import matcher_core
from partita.matchers.reference import ReferenceBook
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument
from partita.schemas.orders import Tick
from partita.schemas.topics import BOOKS_CHANGELOG, ORDERS

FIRST = INSTRUMENT._replace(partition=0, instrument_id=1, symbol="FIRST")
SECOND = FIRST._replace(instrument_id=2, symbol="SECOND")
ROLE = Role("matchers", ORDERS, BOOKS_CHANGELOG, snapshot_every_ms=1_000, trim=False)
LISTED_AT = 20


def put(log: MemoryLog, message: Instrument | Tick) -> None:
    """Append a record to the books' input, a while after the one before it."""
    log.time_ms += 300
    log.append(Outgoing(ORDERS, 0, None, encode(message)))


def run(log: MemoryLog) -> Worker:
    """Let a new process read all that is there, one record at a time."""
    connection = MemoryConnection(log, ORDERS, batch_max=1)
    connection.own((0,))
    worker = Worker(connection, matcher_core(1, Line.A, ReferenceBook), Notes(), role=ROLE)
    worker.step(0)
    while worker.step(0) or connection.under_way:
        connection.deliver()
    return worker


def test_a_manifest_names_the_machines_that_were_there_at_its_position() -> None:
    """Also when the process that writes it has restored one that was listed later."""
    log = MemoryLog(time_ms=50_000)
    put(log, FIRST)
    while len(log.records(ORDERS, 0)) < LISTED_AT:
        put(log, Tick(b""))
    put(log, SECOND)
    while len(log.records(ORDERS, 0)) < LISTED_AT * 2:
        put(log, Tick(b""))
    run(log)
    kept = [r for r in log.records(BOOKS_CHANGELOG, 0) if (r.key or b"").startswith(b"SECOND/")]
    log.partitions.pop((BOOKS_CHANGELOG, 0))
    for record in kept:
        log.append(Outgoing(BOOKS_CHANGELOG, 0, record.key, record.value))

    run(log)

    written = Changelog()
    manifests = written.take(r for r in log.records(BOOKS_CHANGELOG, 0) if r.value)
    named = {
        (m.position > LISTED_AT, tuple(birth.machine for birth in m.machines)) for m in manifests
    }
    assert named == {(False, ("FIRST",)), (True, ("FIRST", "SECOND"))}
