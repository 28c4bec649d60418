"""One shard's events: each number once, from the join on."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from producers_support.make import BALANCE

from partita.log import native
from partita.producers import stream as stream_module
from partita.producers.stream import Stream, Wanted
from partita.schemas.accounts import (
    AccountEvent,
    AccountEventBatch,
    AccountEventGroup,
    Answered,
    Balance,
    Rejected,
)
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.enums import Line
from partita.schemas.errors import UnknownFingerprint
from partita.schemas.reasons import Reason

ANSWERED = Answered(2, "join", 1)


def record(*events: AccountEvent, first: int) -> bytes:
    """Return events as a record, numbered from `first`."""
    group = AccountEventGroup(first, 0, 1_000, events)
    return encode(AccountEventBatch((), b"", Line.A, 0, (group,)))


def balance(number: int, account: int = 7) -> Balance:
    """Return an event that can be told from others."""
    return Balance(account, 2, number, 0)


def joined(wanted: Wanted, at: int = 10) -> Stream:
    """Return a stream that has joined at a number."""
    stream = Stream(0, wanted, 2, "join")
    stream.take(record(ANSWERED, first=at))
    return stream


def wanting(*accounts: int, everyone: bool = False) -> Wanted:
    """Return whose events are wanted; account 2 asks the question."""
    return Wanted(everyone, {2, *accounts})


def test_nothing_is_taken_before_the_answer_to_its_own_question() -> None:
    """Neither older events, nor another client's answer."""
    stream = Stream(0, wanting(7), 2, "join")
    assert stream.take(record(BALANCE, Answered(2, "other", 0), first=1)) == []


def test_it_joins_in_the_middle_of_a_record() -> None:
    """The answer is given, then all that follows."""
    stream = Stream(0, wanting(7), 2, "join")
    taken = stream.take(record(balance(1), ANSWERED, balance(3), first=1))
    assert [(2, ANSWERED), (3, balance(3))] == [(r.number, r.event) for r in taken]


def test_a_refused_question_is_told_and_does_not_join() -> None:
    """A client whose clock is off asks again under the same id."""
    stream = Stream(0, wanting(7), 2, "join")
    refused = Rejected(2, "join", Reason.COMMAND_EXPIRED, 0, repeated=False)
    assert [refused] == [raw.event for raw in stream.take(record(refused, balance(2), first=1))]
    assert [] == stream.take(record(balance(3), first=3))
    assert [ANSWERED] == [raw.event for raw in stream.take(record(ANSWERED, first=4))]


def test_history_sent_again_is_dropped() -> None:
    """A restarted ledger sends everything again; what is new in it is taken."""
    stream = joined(wanting(7))
    again = record(*(balance(n) for n in range(1, 13)), first=1)
    assert [11, 12] == [raw.number for raw in stream.take(again)]
    assert [] == stream.take(again)
    assert stream.gaps == 0


@pytest.mark.skipif(not native.INSTALLED, reason="the reference decodes all that is ours")
def test_what_is_said_again_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a killed ledger's last seconds come again; they must not hold up what is new."""
    decoded: list[bytes] = []

    def noted(value: bytes) -> Message:
        decoded.append(value)
        return decode(value)

    monkeypatch.setattr(stream_module, "decode", noted)
    stream = joined(wanting(7))
    first, second = (record(*(balance(n) for n in ns), first=ns[0]) for ns in ((11, 12), (12, 13)))
    assert [11, 12] == [raw.number for raw in stream.take(first)]
    decoded.clear()
    assert [] == stream.take(first)
    assert [] == decoded
    assert [13] == [raw.number for raw in stream.take(second)]
    assert [second] == decoded
    assert stream.gaps == 0


@pytest.fixture(params=[True, False], ids=["told", "decoded"])
def repeats(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let repeats be told by the native engine, where there is one, or be decoded."""
    monkeypatch.setattr(native, "INSTALLED", request.param and native.INSTALLED)


@pytest.mark.usefixtures("repeats")
def test_a_repeat_does_not_hide_what_was_not_wanted() -> None:
    """It says nothing of the numbers that were passed over before it came."""
    stream = joined(wanting(7))
    ours = record(balance(11), first=11)
    assert [11] == [raw.number for raw in stream.take(ours)]
    assert [] == stream.take(record(balance(12, 9), first=12))
    assert [] == stream.take(ours)
    assert [13] == [raw.number for raw in stream.take(record(balance(13), first=13))]
    assert stream.gaps == 0


@pytest.mark.usefixtures("repeats")
def test_another_line_that_cuts_otherwise_makes_no_gap() -> None:
    """Its record ends in the middle of what was passed over; behind that a hole is a loss again."""
    stream = joined(wanting(7))
    stream.take(record(balance(11), first=11))
    stream.take(record(balance(12, 9), balance(13, 9), first=12))
    assert [] == stream.take(record(balance(11), balance(12, 9), first=11))
    assert [14] == [raw.number for raw in stream.take(record(balance(14), first=14))]
    assert stream.gaps == 0
    assert [16] == [raw.number for raw in stream.take(record(balance(16), first=16))]
    assert stream.gaps == 1


@pytest.mark.usefixtures("repeats")
def test_numbers_that_cannot_be_are_no_end() -> None:
    """Beyond the last number that there is nothing is new; a group of nothing moves nothing."""
    stream = joined(wanting(everyone=True))
    assert [] == stream.take(record(first=20))
    assert [11] == [raw.number for raw in stream.take(record(balance(11), first=11))]
    last = (1 << 63) - 1
    assert 2 == len(stream.take(record(balance(1), balance(2), first=last)))
    assert [] == stream.take(record(balance(12), first=12))


@pytest.mark.skipif(not native.INSTALLED, reason="it is native")
@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), max_size=4), st.integers(0, 60))
def test_what_has_news_is_what_ends_behind_the_known(
    groups: list[tuple[int, int]], known: int
) -> None:
    """Whatever the groups of a record; one that cannot be read is left to the codec."""
    events = (BALANCE, ANSWERED, balance(5))
    made = tuple(AccountEventGroup(first, 0, 1, events[:count]) for first, count in groups)
    value = encode(AccountEventBatch((), b"", Line.A, 0, made))
    news = any(count and first + count - 1 > known for first, count in groups)
    assert news == native.has_news(value, known)
    assert native.has_news(value[:-1], 1_000)
    assert native.has_news(b"rubbish", 1_000)


def test_a_gap_is_counted_and_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """And what follows is taken."""
    stream = joined(wanting(7))
    with caplog.at_level(logging.WARNING):
        taken = stream.take(record(balance(13), first=13))
    assert [13] == [raw.number for raw in taken]
    assert stream.gaps == 1
    assert "2 events after number 10 never came" in caplog.text


def test_what_nobody_wanted_is_no_gap() -> None:
    """Records without our accounts are not decoded, so their numbers are not known."""
    stream = joined(wanting(7))
    assert [] == stream.take(record(balance(11, 9), balance(12, 9), first=11))
    assert [13] == [raw.number for raw in stream.take(record(balance(13), first=13))]
    assert stream.gaps == 0


def test_only_wanted_accounts_are_given() -> None:
    """Of a record that holds others too; everyone's when everyone is wanted."""
    mixed = record(balance(11), balance(12, 9), balance(13), first=11)
    assert [11, 13] == [raw.number for raw in joined(wanting(7)).take(mixed)]
    everyone = wanting(everyone=True)
    assert [11, 12, 13] == [raw.number for raw in joined(everyone).take(mixed)]


def test_a_broken_record_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """With a warning; those behind it are taken."""
    stream = joined(wanting(everyone=True))
    whole = record(balance(11), first=11)
    with caplog.at_level(logging.WARNING):
        assert [] == stream.take(b"rubbish")
        assert [] == stream.take(whole[:-1])
    assert [11] == [raw.number for raw in stream.take(whole)]
    assert caplog.text.count("a record is skipped") == 2


def test_a_newer_schema_stops_the_client() -> None:
    """An older build must not guess."""
    with pytest.raises(UnknownFingerprint):
        joined(wanting(7)).take(b"\xc3\x01" + b"newer..." + b"body")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 8)), max_size=30))
def test_numbers_rise_by_one_however_records_repeat_and_overlap(
    cuts: list[tuple[int, int]],
) -> None:
    """What is cut from one history, in any order that leaves no gap, is taken once in order."""
    stream, known = joined(wanting(7)), 10
    taken = []
    for back, length in cuts:
        first = max(1, known + 1 - back)
        taken += stream.take(record(*(balance(first + n) for n in range(length)), first=first))
        known = max(known, first + length - 1)
    assert [(n, balance(n)) for n in range(11, known + 1)] == [(r.number, r.event) for r in taken]
    assert stream.gaps == 0
