"""A compacted topic, read to its end and then followed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from partita.log.kafka.follower import Follower
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Undecodable

_LOGGER = logging.getLogger("partita.producers")


class _Read(NamedTuple):
    partition: int
    offset: int
    message: Message | None  # None: it could not be read


class Compacted:
    """Gives the messages of a topic's partitions to `take`, on the loop, from the first one on."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        partitions: int,
        take: Callable[[Sequence[Message]], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._partitions = range(partitions)
        self._take = take
        self._fail = fail
        self._behind: dict[int, int] = {}  # by partition, the end that is not reached yet
        self._caught_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.follower: Follower[_Read] | None = None

    async def start(self, timeout_s: float) -> None:
        """Return when all is taken that the topic held at the call.

        Raises:
            LogError: the topic cannot be read.
        """
        reader = Reader(self._bootstrap, self._topic)
        starts = await asyncio.to_thread(reader.starts, self._partitions, timeout_s)
        ends = await asyncio.to_thread(reader.ends, self._partitions, timeout_s)
        self._behind = {p: end for p, end in ends.items() if end > starts[p]}
        self.follower = Follower(
            reader, starts, self._make, self._taken, self._died, f"{self._topic} reader"
        )
        if self._behind:
            await self._caught_up

    def _make(self, records: Sequence[Record]) -> list[_Read]:
        return [_Read(record.partition, record.offset, self._decoded(record)) for record in records]

    def _decoded(self, record: Record) -> Message | None:
        if not record.value:
            return None  # a tombstone
        try:
            return decode(record.value)
        except Undecodable as error:
            where = f"{self._topic}/{record.partition}@{record.offset}"
            _LOGGER.warning("%s: a record is skipped: %s", where, error)
            return None

    def _taken(self, read: Sequence[_Read]) -> None:
        self._take([one.message for one in read if one.message is not None])
        for partition, offset, _ in read:
            if offset + 1 >= self._behind.get(partition, offset + 2):
                del self._behind[partition]
        if not self._behind and not self._caught_up.done():
            self._caught_up.set_result(None)

    def _died(self, error: Exception) -> None:
        if self._behind and not self._caught_up.done():
            self._caught_up.set_exception(error)
        else:
            self._fail(error)
