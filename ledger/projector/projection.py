"""All sources of a store, their records folded and written: what is left when a process is not."""

from collections.abc import Iterable, Mapping

from partita.ledger.projector.intake import AccountIntake, Intake, MarketIntake, begin, joined
from partita.ledger.store.errors import StoreForeign
from partita.ledger.store.port import Store
from partita.ledger.store.rows import Progress, Rows, Source
from partita.log.port import Record
from partita.schemas.topics import ACCOUNT_EVENTS, CANDLES, TRADES

# The topics that a store is made of.
PROJECTED = (ACCOUNT_EVENTS, TRADES, CANDLES)


class Projection:
    """Takes records into a store, from where the store is.

    `take` does no more than remember; `flush` folds and writes. A flush that raises has lost
    nothing: it is called again. After StoreReplaced all begins anew, with another Projection.
    """

    def __init__(self, store: Store, sources: Iterable[Source]) -> None:
        """Begin where the store is.

        Raises:
            StoreForeign: what it holds of accounts was made from another log.
            StoreError: it cannot be asked.
        """
        self._store = store
        known = store.progress()
        self.intakes: dict[tuple[str, int], Intake] = {}
        wanted = list(sources)
        ids = {source.topic: source.topic_id for source in wanted}
        for source in known:
            if source.topic == ACCOUNT_EVENTS and source.topic_id != ids.get(ACCOUNT_EVENTS):
                why = f"its {ACCOUNT_EVENTS} is {source.topic_id}, here it is {ids[ACCOUNT_EVENTS]}"
                raise StoreForeign(store.place, why)
        for source in wanted:
            kind = AccountIntake if source.topic == ACCOUNT_EVENTS else MarketIntake
            self.intakes[source.topic, source.partition] = kind(known.get(source, begin(source)))
        # Folded, and perhaps not written.
        self._folded: dict[tuple[str, int], tuple[Rows, Progress]] = {}
        self._written = {key: intake.offset for key, intake in self.intakes.items()}

    def offsets(self, topic: str) -> Mapping[int, int]:
        """Return where each partition of a topic is to be read from."""
        return {p: intake.offset for (name, p), intake in self.intakes.items() if name == topic}

    @property
    def pending(self) -> int:
        """How many events are taken and not written."""
        return sum(intake.pending for intake in self.intakes.values())

    def take(self, topic: str, record: Record) -> None:
        """Take a record; what is below its partition's position is passed over.

        Raises:
            UnknownFingerprint: it was written by a newer build.
        """
        intake = self.intakes[topic, record.partition]
        if record.offset >= intake.offset:
            intake.take(record)

    def flush(self) -> int:
        """Fold what was taken and write it; return how many rows.

        Raises:
            StoreError: it may not be written; call it again.
        """
        for key, intake in self.intakes.items():
            if key not in self._folded and intake.offset > self._written[key]:
                rows = intake.fold(self._store)
                self._folded[key] = rows, intake.progress
        if not self._folded:
            return 0
        rows = joined([rows for rows, _ in self._folded.values()])
        progress = tuple(at for _, at in self._folded.values())
        self._store.write(rows._replace(progress=progress))
        self._written |= {key: at.offset for key, (_, at) in self._folded.items()}
        self._folded.clear()
        return rows.size
