"""The worker: polls, drains, applies, and sends one batch per destination.

It may be killed at any instruction. When it starts it is as when it starts again: it opens each
partition it owns, replays it from where its machines ask, and sends again what follows; receivers
drop what they have by its number. Nothing it knows is worth saving on the way out.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from partita.log.core import Alarm, Parked, WorkerCore
from partita.log.port import Log, Outgoing, Record
from partita.schemas.codec import encode
from partita.schemas.orders import Tick
from partita.schemas.topics import ORDERS

# Tickers are conflated to this pace: a reader cannot look more often, and at low load a record for
# each order would be one in eight of all that the broker carries.
LATEST_EVERY_MS = 20
# A tick is due when an order's expiry has passed; while the book does not answer (it is behind),
# another one helps nobody.
TICK_EVERY_MS = 1_000
# Looking over all books for the next expiry costs; an expiry may be late by so much.
LOOK_FOR_TICKS_EVERY_MS = 20


class Watch(Protocol):
    """Who is told what an operator should know."""

    def opened(self, partition: int, offset: int) -> None:
        """Tell that a partition is owned and read from an offset."""

    def closed(self, partition: int) -> None:
        """Tell that a partition is owned no more."""

    def alarm(self, alarm: Alarm) -> None:
        """Tell what went on beside the rule."""

    def parked(self, parked: Parked) -> None:
        """Tell that a partition has stopped."""


class AllParked(Exception):
    """Every partition this worker owns is parked: there is nothing left to do."""


class Worker:
    """Drives a core from a log."""

    def __init__(
        self, log: Log, core: WorkerCore, watch: Watch, now_ms: Callable[[], int] | None = None
    ) -> None:
        """Make a worker; with a clock it writes ticks to the partitions of `orders` it owns."""
        self.core = core
        self._log = log
        self._watch = watch
        self._now_ms = now_ms
        self._owned: dict[int, int] = {}
        self._parked: set[int] = set()
        self._ticked_ms: dict[int, int] = {}
        self._looked_ms = 0  # when the last look for ticks was
        self._latest_ms = 0  # when the core's latest was last said
        self._unsaid = False  # records were applied since
        self.positions: dict[int, int] = {}  # by owned partition: the offset that comes next

    def step(self, timeout_s: float) -> int:
        """Take what is there, waiting at most timeout_s for it; return how many records.

        Raises:
            AllParked: nothing is left to do.
            DeliveryFailed: what was sent may not have arrived: start again and replay.
            LogError: the log is not as it must be.
        """
        if self._unsaid:
            timeout_s = min(timeout_s, LATEST_EVERY_MS / 1_000)
        records = self._log.poll(timeout_s)
        self._follow_ownership()
        mine = [record for record in records if record.partition in self._owned]
        if mine:
            self._apply(mine)
        self._say_latest()
        self._tick()
        return len(mine)

    def _follow_ownership(self) -> None:
        owned = self._log.owned()
        if owned == self._owned:
            return
        for partition, number in list(self._owned.items()):
            if owned.get(partition) != number:
                self.core.close(partition)
                self._parked.discard(partition)
                del self._owned[partition]
                del self.positions[partition]
                self._watch.closed(partition)
        for partition, number in owned.items():
            if partition not in self._owned:
                offset = self.core.open(partition)
                self._log.seek(partition, offset)
                self._owned[partition] = number
                self.positions[partition] = offset
                self._watch.opened(partition, offset)

    def _apply(self, records: Sequence[Record]) -> None:
        outputs = self.core.apply(records)
        self._unsaid = True
        for record in records:
            self.positions[record.partition] = record.offset + 1
        for outgoing in outputs.records:
            self._log.send(outgoing)
        for alarm in outputs.alarms:
            self._watch.alarm(alarm)
        for parked in outputs.parked:
            self._parked.add(parked.partition)
            self._log.pause(parked.partition)
            self._watch.parked(parked)
        if self._owned and self._parked == set(self._owned):
            raise AllParked(f"all {len(self._owned)} partitions are parked")

    def _say_latest(self) -> None:
        if not self._unsaid:
            return
        if self._now_ms is not None:
            now_ms = self._now_ms()
            if 0 <= now_ms - self._latest_ms < LATEST_EVERY_MS:
                return
            self._latest_ms = now_ms
        self._unsaid = False
        for outgoing in self.core.latest():
            self._log.send(outgoing)

    def _tick(self) -> None:
        if self._now_ms is None:
            return
        now_ms = self._now_ms()
        if 0 <= now_ms - self._looked_ms < LOOK_FOR_TICKS_EVERY_MS:
            return
        self._looked_ms = now_ms
        for partition in self._owned:
            expiry_ms = self.core.next_expiry_ms(partition)
            if expiry_ms is None or now_ms < expiry_ms:
                continue
            if not 0 <= now_ms - self._ticked_ms.get(partition, 0) < TICK_EVERY_MS:
                self._ticked_ms[partition] = now_ms
                self._log.send(Outgoing(ORDERS, partition, None, encode(Tick(b""))))
