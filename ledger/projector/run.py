"""A projector as a process: it reads the log, and keeps a store as new as it can.

Nobody waits for it: the store may be down, slow or full for any time, and trading goes on; the log
keeps what the store lacks. Any number may run on one store, and each may be killed anywhere.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from partita.ledger.projector.projection import PROJECTED, Projection
from partita.ledger.store.errors import StoreReplaced, StoreUnavailable
from partita.ledger.store.port import Store
from partita.ledger.store.rows import Source
from partita.log.kafka.admin import Admin
from partita.log.kafka.reader import Reader
from partita.schemas.errors import LogTruncated
from partita.schemas.topics import ACCOUNT_EVENTS, TOPICS, partitions_of

T = TypeVar("T")
# Tells how far it is: rows written, records left to read at the last look.
Tell = Callable[[int, int], None]

# How long the private stream is waited for; how late the market's history may be when it is quiet.
_POLL_S = 0.05
_RECORDS_MAX = 200
# Events folded into one write: enough for the cost of a commit to vanish, and not to be felt.
EVENTS_MAX = 20_000
# Between two tries at a store that does not answer; and between two words about it.
_AGAIN_S = (0.1, 0.2, 0.5, 1.0, 2.0)
_SAY_EVERY_S = 30.0
_EXPIRE_EVERY_S = 60.0
_LOOK_EVERY_S = 1.0

_LOGGER = logging.getLogger("partita.projector")


class Stopped(Exception):
    """It was asked to stop while it waited for the store."""


def _no_tell(_rows: int, _left: int) -> None:
    pass


class Projector:
    """Reads the projected topics of an exchange into a store."""

    def __init__(
        self,
        bootstrap: str,
        open_it: Callable[[], Store],
        stop: threading.Event,
        tell: Tell = _no_tell,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Connect; `open_it` opens the store, now and whenever it was begun anew.

        Of part (k, n) it takes the partitions p with p mod n = k: n such processes share the work.

        Raises:
            LogError: there is no exchange on this cluster, or it cannot be read.
        """
        self._bootstrap = bootstrap
        self._open = open_it
        self._stop = stop
        self._tell = tell
        admin = Admin(bootstrap)
        shape, ids = admin.shape(), admin.topic_ids()
        counts = {rule.name: partitions_of(rule, *shape) for rule in TOPICS}
        self.sources = [
            Source(topic, ids[topic], partition)
            for topic in PROJECTED
            for partition in range(counts[topic])
            if partition % part[1] == part[0]
        ]
        self._readers: dict[str, Reader] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self.rows = 0  # written so far

    def run(self, *, to_the_end: bool = False) -> None:
        """Project until it is asked to stop, or up to what was there at the start.

        Raises:
            UnknownFingerprint: a newer build has written on the log.
            StoreUnfit: the store must be rebuilt.
            LogTruncated: records that the store lacks are gone.
            LogError: the log cannot be read.
        """
        with suppress(Stopped):
            while not self._stop.is_set():
                store = self._patiently(self._open)
                self._ends.clear()
                try:
                    self._project(store, to_the_end=to_the_end)
                except StoreReplaced as error:
                    _LOGGER.warning("%s; projecting it again from where it is now", error)
                else:
                    return
                finally:
                    store.close()
                    for reader in self._readers.values():
                        reader.close()
                    self._readers.clear()

    def _project(self, store: Store, *, to_the_end: bool) -> None:
        projection = self._patiently(lambda: Projection(store, self.sources))
        for topic in PROJECTED:
            self._start(topic, projection)
        expire_at, look_at = time.monotonic(), time.monotonic() + _LOOK_EVERY_S
        while not self._stop.is_set():
            self._step(projection)
            now_s = time.monotonic()
            left = self._left(projection) if to_the_end or now_s >= look_at else 1
            if now_s >= look_at or not left:
                look_at = now_s + _LOOK_EVERY_S
                self._tell(self.rows, left)
            if to_the_end and not left:
                return
            if now_s >= expire_at:
                now_ms = time.time_ns() // 1_000_000
                if not self._patiently(partial(store.expire, now_ms)):
                    expire_at = now_s + _EXPIRE_EVERY_S

    def _start(self, topic: str, projection: Projection) -> None:
        """Read a topic from where the store is."""
        reader = self._readers[topic] = Reader(self._bootstrap, topic)
        offsets = dict(projection.offsets(topic))
        starts, ends = reader.starts(list(offsets)), reader.ends(list(offsets))
        for partition, offset in offsets.items():
            end = ends[partition]
            offsets[partition] = where_to_read(topic, partition, offset, starts[partition], end)
            if offsets[partition] < end:
                self._ends[topic, partition] = end
            _LOGGER.info("%s/%d from offset %d of %d", topic, partition, offsets[partition], end)
        reader.start(offsets)

    def _left(self, projection: Projection) -> int:
        """Return how many of the records that were there at the start are not read."""
        return sum(
            max(0, end - projection.intakes[where].offset) for where, end in self._ends.items()
        )

    def _step(self, projection: Projection) -> None:
        wait_s = _POLL_S
        for topic, reader in self._readers.items():
            for record in reader.read(wait_s, _RECORDS_MAX):
                projection.take(topic, record)
                if projection.pending >= EVENTS_MAX:
                    self.rows += self._patiently(projection.flush)
            wait_s = 0.0  # one wait for all
        self.rows += self._patiently(projection.flush)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask until the store answers. Raises Stopped."""
        tries, began_s, said_s = 0, time.monotonic(), 0.0
        while True:
            try:
                answer = ask()
            except StoreUnavailable as error:
                now_s = time.monotonic()
                if not tries or now_s - said_s >= _SAY_EVERY_S:
                    said_s = now_s
                    _LOGGER.warning("%s; trying again, trading goes on", error)
                if self._stop.wait(_AGAIN_S[min(tries, len(_AGAIN_S) - 1)]):
                    raise Stopped from error
                tries += 1
            else:
                if tries:
                    waited_s = time.monotonic() - began_s
                    _LOGGER.warning("the store answers again, after %.1f s", waited_s)
                return answer


def where_to_read(topic: str, partition: int, offset: int, start: int, end: int) -> int:
    """Return where a partition is read from whose store is at an offset.

    What is derived is kept for a time only: where that was too short, the history has a hole.

    Raises:
        LogTruncated: events of accounts that the store lacks are gone.
    """
    where = f"{topic}/{partition}"
    if topic == ACCOUNT_EVENTS and not start <= offset <= end:
        what = "begins" if offset < start else "ends"
        raise LogTruncated(
            f"{where} {what} at offset {start if offset < start else end}, and the store is"
            f" at {offset}: what it is made of is gone. Bring the records back, or keep the"
            " store as it is and project into a new one"
        )
    if 0 < offset < start:
        _LOGGER.warning(
            "%s begins at offset %d, and the store is at %d: it was away for too long, and its"
            " history has a hole there",
            *(where, start, offset),
        )
    elif offset > end:
        _LOGGER.warning(
            "%s ends at offset %d, and the store is at %d: records were lost; what comes at offsets"
            " that the store has seen is not taken. `partita store rebuild` makes it anew",
            *(where, end, offset),
        )
    return min(max(offset, start), end)
