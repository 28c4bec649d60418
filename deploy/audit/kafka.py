"""An audit at an address: of a running exchange, or of a stopped one's log."""

from contextlib import closing

from partita.deploy.audit.engines import Engines, Machines
from partita.deploy.audit.findings import Difference, Findings, Kind, StoreFinding
from partita.deploy.audit.run import Auditor
from partita.deploy.audit.source import KafkaSource, Overtaken, Source
from partita.deploy.audit.spool import Spool
from partita.deploy.audit.store_check import Verified, verify
from partita.deploy.replay.run import Progress
from partita.ledger.service import SERVICE as LEDGER
from partita.ledger.store.errors import StoreError
from partita.log.build import build
from partita.log.engines import engine_name
from partita.log.kafka.admin import Admin, ExchangeShape
from partita.log.service import Service
from partita.matchers.service import SERVICE as MATCHERS
from partita.schemas.enums import Line
from partita.schemas.errors import LogError

# What a worker says after a record is on the log in milliseconds; one that has just been killed is
# back within its session's timeout.
PATIENCE_S = 10.0
# The inputs are copied before they are trimmed; only the copying can be overtaken.
_ATTEMPTS = 4


def engines(shape: ExchangeShape, engine: str | None) -> Engines:
    """Return what makes the machines, of an engine by its name.

    Raises:
        InvalidValue: there is no such engine.
    """

    def machines(service: Service) -> Machines:
        name = engine_name(service.engines, engine)
        return Machines(lambda: service.core(shape, Line.A, name), build(name))

    return Engines(machines(LEDGER), machines(MATCHERS))


def audit(
    bootstrap: str,
    progress: Progress,
    *,
    patience_s: float = PATIENCE_S,
    engine: str | None = None,
    account: int | None = None,
    store: str | None = None,
) -> Findings:
    """Audit the exchange at an address; `patience_s` is how long is waited for its workers' word.

    With the address of its store, that is compared, too.

    Raises:
        LogUnavailable, TopicMissing: no exchange is there.
        LogError: the log is not as it must be.
        InvalidValue: there is no such engine.
    """
    shape = Admin(bootstrap).shape()
    with closing(KafkaSource(bootstrap, patience_s)) as source:
        for _ in range(_ATTEMPTS):
            try:
                found = _attempt(source, shape, engines(shape, engine), progress, account)
            except Overtaken as error:
                overtaken = error
            else:
                return found if store is None else _with_store(found, bootstrap, store, progress)
    raise LogError(
        f"{overtaken}, {_ATTEMPTS} times in a row: the snapshots come faster than their stretch of"
        " the log can be read. Set --snapshot-every-ms of the workers higher, or audit at a quieter"
        " time"
    ) from overtaken


def _with_store(found: Findings, bootstrap: str, address: str, progress: Progress) -> Findings:
    """Return findings with those of a store."""
    progress.begin("compare the store", None)
    try:
        checked = verify(bootstrap, address)
    except StoreError as error:  # also one that is of no use: the rest is proven all the same
        checked = Verified(0, 0, 0, (str(error),), 1)
    differences = tuple(Difference(Kind.STORE, text) for text in checked.differences)
    behind = checked.events - checked.covered
    return found._replace(
        differences=(*found.differences, *differences),
        difference_count=found.difference_count + checked.difference_count,
        store=StoreFinding(address, checked.rows, checked.covered, behind),
    )


def _attempt(
    source: Source, shape: ExchangeShape, made: Engines, progress: Progress, account: int | None
) -> Findings:
    with closing(Spool(source)) as spool:
        auditor = Auditor(spool, shape, made, progress)
        inputs = auditor.inputs.values()
        # Where nothing was trimmed so far, all of it may be much; and it may stay.
        if any(given.from_snapshots for given in inputs):
            progress.begin("copy what may be trimmed", None)
            for given in inputs:
                spool.copy(*given.place, given.start, given.end)
            for given in inputs:  # and what was said meanwhile
                spool.copy(*given.place, given.end, source.bounds(*given.place)[1])
        return auditor.audit(account)
