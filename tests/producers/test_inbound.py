"""One reader for a client and its bulks: who hears what, what wakes the loop, and who ends."""

import asyncio
import queue
from array import array
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from producers_support.make import BALANCE

from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.producers import ClientLimits, EventsLost
from partita.producers.build import Ids
from partita.producers.bulk import Bulk, OrderTable
from partita.producers.inbound import Hearer, Inbound
from partita.producers.session import Session
from partita.producers.stream import Stream, Wanted
from partita.producers.views import RawEvent
from partita.schemas.accounts import AccountEvent, AccountEventBatch, AccountEventGroup, Answered
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.errors import LogError, NoAnswer

ASKING = 2


class Polls(Reader):
    """A reader of what a test puts in: the records of a poll, or what reading dies of."""

    def __init__(self) -> None:
        self.polls: queue.Queue[list[Record] | Exception] = queue.Queue()

    def ends(self, partitions: Sequence[int], timeout_s: float = 10.0) -> dict[int, int]:
        """Return nothing of weight."""
        return dict.fromkeys(partitions, int(timeout_s))

    def start(self, offsets: Mapping[int, int]) -> None:
        """Do nothing."""

    def read(self, timeout_s: float, records_max: int = 1_000) -> list[Record]:
        """Return the next poll."""
        try:
            poll = self.polls.get(timeout=timeout_s)
        except queue.Empty:
            return []
        if isinstance(poll, Exception):
            raise poll
        return poll[:records_max]

    def close(self) -> None:
        """Do nothing."""


class Log:
    """A hearer, and the client itself, that write down in which order they are told."""

    def __init__(self, told: list[str], name: str, *, news: bool = True) -> None:
        self.told, self.name, self.news = told, name, news
        self.fails: Exception | None = None

    def take(self, records: Sequence[Record], now_ns: int) -> bool:
        """See Hearer."""
        assert now_ns > 0
        self.told.append(f"{self.name} takes {len(records)}")
        if self.fails is not None:
            raise self.fails
        return self.news

    def hear(self) -> None:
        """See Hearer."""
        self.told.append(f"{self.name} hears")

    def end(self, error: Exception) -> None:
        """See Hearer."""
        self.told.append(f"{self.name} ends: {error}")


def record(*events: AccountEvent, first: int) -> Record:
    """Return events as a record of shard 0, numbered from `first`."""
    accounts = tuple({event.account: None for event in events})
    group = AccountEventGroup(first, 0, 1_000, events)
    value = encode(AccountEventBatch(accounts, b"", Line.A, 0, (group,)))
    return Record(0, first, 1_000, value)


JOINING = record(Answered(ASKING, "join", 1), first=10)
OTHERS = record(BALANCE._replace(account=9), first=11)  # nobody here wants them
OURS = record(BALANCE._replace(account=ASKING), first=12)


class Rig:
    """An inbound on polls that a test puts in."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.reader = Polls()
        stream = Stream(0, Wanted(accounts={ASKING}), ASKING, "join")
        self.inbound = Inbound([stream])

    async def start(self) -> "Rig":
        """Begin to read."""
        await self.inbound.start(self.reader, 1.0, self._events, self._failed)
        return self

    def _events(self, events: Sequence[RawEvent]) -> None:
        self.told.append(f"client: {[event.number for event in events]}")

    def _failed(self, error: Exception) -> None:
        self.told.append(f"client ends: {error}")

    async def poll(self, poll: list[Record] | Exception, until: str) -> None:
        """Let a poll be read, until something was told."""
        self.reader.polls.put(poll)
        async with asyncio.timeout(5):
            while until not in self.told:  # noqa: ASYNC110 - whoever is told has no event
                await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """Read no more."""
        assert self.inbound.follower is not None
        self.inbound.follower.stop()
        await asyncio.to_thread(self.inbound.follower.join)


async def test_a_hearer_takes_each_poll_before_the_client_hears_of_it() -> None:
    """So when the client has an answer, its bulks have taken all up to there."""
    rig = await Rig().start()
    rig.inbound.add(Log(rig.told, "bulk"))
    await rig.poll([JOINING], "client: [10]")
    assert ["bulk takes 1", "bulk hears", "client: [10]"] == rig.told
    await rig.stop()


async def test_the_loop_is_woken_for_news_alone() -> None:
    """Not for what is others'; and who was removed takes nothing more."""
    rig = await Rig().start()
    bulk = Log(rig.told, "bulk", news=False)
    rig.inbound.add(bulk)
    await rig.poll([OTHERS, OTHERS], "bulk takes 2")
    await asyncio.sleep(0.02)
    assert ["bulk takes 2"] == rig.told
    bulk.news = True
    await rig.poll([OTHERS], "bulk hears")
    rig.inbound.remove(bulk)
    rig.inbound.remove(bulk)
    rig.told.clear()
    await rig.poll([JOINING, OURS], "client: [10, 12]")
    assert ["client: [10, 12]"] == rig.told
    await rig.stop()


async def test_a_hearer_that_fails_ends_alone() -> None:
    """The client and the others read on."""
    rig = await Rig().start()
    broken, other = Log(rig.told, "broken"), Log(rig.told, "other")
    broken.fails = LogError("no such record")
    rig.inbound.add(broken)
    rig.inbound.add(other)
    await rig.poll([JOINING], "client: [10]")
    assert "broken ends: no such record" in rig.told
    rig.told.clear()
    await rig.poll([OURS], "client: [12]")
    assert ["other takes 1", "other hears", "client: [12]"] == rig.told
    await rig.stop()


async def test_a_reader_that_fails_ends_all() -> None:
    """Each hears why."""
    rig = await Rig().start()
    rig.inbound.add(Log(rig.told, "bulk"))
    await rig.poll(LogError("trimmed"), "client ends: trimmed")
    assert ["bulk ends: trimmed", "client ends: trimmed"] == rig.told


class FakeSession:
    """What a bulk needs of a session, that answers its question after some records."""

    def __init__(self, *heard: Record) -> None:
        self.limits, self.ids, self.bootstrap = ClientLimits(), Ids(), "127.0.0.1:1"
        self.shape = SimpleNamespace(shards=1)
        self._heard = heard

    async def join(self, hearer: Hearer) -> None:
        """See Session."""
        hearer.take(self._heard, 1)
        hearer.hear()

    def leave(self, hearer: Hearer) -> None:
        """See Session."""

    def now_ms(self) -> int:
        """See Session."""
        return 1


async def test_what_a_bulk_did_not_hear_before_it_joined_is_no_gap() -> None:
    """A slower line's old events come before the newest ones; behind the join a hole is a loss."""
    session = FakeSession(record(BALANCE, first=5), record(BALANCE, first=20))
    bulk = await Bulk.open(cast(Session, session), 1.0)
    assert not bulk.take([record(BALANCE, first=6), record(BALANCE, first=21)], 2)
    bulk.hear()
    assert 0 == bulk.gaps
    assert range(0) == bulk.offer(OrderTable())
    assert bulk.take([record(BALANCE, first=23)], 3)
    bulk.hear()
    assert 1 == bulk.gaps
    with pytest.raises(EventsLost):
        await bulk.cancel(array("q", [1]), array("q", [1]))
    await bulk.aclose()


async def test_a_bulk_says_what_it_ended_of() -> None:
    """As it was told, or that it can read no answers."""
    for error, kind in ((LogError("trimmed"), LogError), (KeyError("x"), NoAnswer)):
        bulk = await Bulk.open(cast(Session, FakeSession()), 1.0)
        bulk.end(error)
        with pytest.raises(kind):
            bulk.offer(OrderTable())
        await bulk.aclose()
