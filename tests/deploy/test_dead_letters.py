"""`partita dead-letters` on a running exchange."""

import hashlib
import time
from pathlib import Path

import pytest
from terminals.operated import PATIENCE_S, ends
from terminals.terminal import Terminal

from partita.deploy.dead_letters import error_kind
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.orders import Tick
from partita.schemas.topics import DEAD_LETTERS, ORDERS

pytestmark = pytest.mark.kafka

RUBBISH = bytes(range(20)) + b"what is this?\x1b[31m"


def sent(bootstrap: str, topic: str, key: str | None, value: bytes) -> str:
    """Write a record; return its place."""
    sender, offset = Sender(bootstrap), ends(bootstrap, topic, 0)[0]
    sender.send(Outgoing(topic, 0, None if key is None else key.encode(), value))
    sender.flush(PATIENCE_S)
    return f"{topic}/0/{offset}"


def letter(topic: str, offset: int, error: str, time_ms: int = 1_000) -> DeadLetter:
    """Return a letter as a worker of no real topic would write it."""
    digest = hashlib.sha256(RUBBISH).digest()
    return DeadLetter(topic, 0, offset, time_ms, error, RUBBISH, len(RUBBISH), digest)


def written(bootstrap: str, *letters: DeadLetter) -> None:
    """Write letters as workers do."""
    for one in letters:
        sent(bootstrap, DEAD_LETTERS, f"{one.topic}/0/{one.offset}", encode(one))


def test_a_record_that_no_worker_can_read_is_listed_and_shown(
    operator: Terminal, tmp_path: Path
) -> None:
    """All of it: where, when, why, how much, and its bytes."""
    place = sent(operator.bootstrap, ORDERS, None, RUBBISH)
    deadline_s = time.monotonic() + PATIENCE_S
    while place not in {row["place"] for row in operator.json("dead-letters --topic orders")}:
        assert time.monotonic() < deadline_s, "no worker has refused it"
        time.sleep(0.05)

    raw = tmp_path / "raw.bin"
    shown = operator.type(f"dead-letters show {place} --raw {raw}")
    assert 0 == shown.code
    for text in (
        place,
        "no Avro single-object marker",
        f"{len(RUBBISH)} bytes",
        hashlib.sha256(RUBBISH).hexdigest(),
        "00000010  10 11 12 13 77 68 61 74 20 69 73 20 74 68 69 73  ....what is this\n",
        "00000020  3f 1b 5b 33 31 6d                                ?.[31m\n",
        f"{len(RUBBISH)} bytes written to",
    ):
        assert text in shown.out
    assert "\x1b" not in shown.out
    assert RUBBISH == raw.read_bytes()
    found = operator.json(f"dead-letters show {place}")
    assert (RUBBISH.hex(), len(RUBBISH)) == (found["value_hex"], found["size"])
    assert abs(found["time_ms"] / 1_000 - time.time()) < 60


def test_of_one_place_the_latest_letter_counts(operator: Terminal) -> None:
    """A worker that starts again writes them again."""
    written(
        operator.bootstrap,
        letter("repeated", 5, "as the old build said"),
        letter("repeated", 5, "as the new build says"),
    )
    (found,) = operator.json("dead-letters list --topic repeated")
    assert ("repeated/0/5", "as the new build says") == (found["place"], found["error"])
    assert "new build" in operator.json("dead-letters show repeated/0/5")["error"]


def test_a_letter_that_was_taken_back_is_not_shown(operator: Terminal) -> None:
    """A record of its key without a value removes it, before compaction does."""
    written(operator.bootstrap, letter("back", 1, "x"), letter("back", 2, "y"))
    sent(operator.bootstrap, DEAD_LETTERS, "back/0/1", b"")
    assert ["back/0/2"] == [row["place"] for row in operator.json("dead-letters --topic back")]
    assert 2 == operator.type("dead-letters show back/0/1").code


def test_they_are_listed_newest_first_up_to_a_limit(operator: Terminal) -> None:
    """By the time of the records, not of the letters; what is left out is told."""
    written(
        operator.bootstrap,
        letter("sorted", 7, "b", 2_000),
        letter("sorted", 9, "c", 3_000),
        letter("sorted", 3, "a", 1_000),
    )
    rows = operator.json("dead-letters --topic sorted --limit 2")
    assert ["sorted/0/9", "sorted/0/7"] == [row["place"] for row in rows]
    shown = operator.type("dead-letters --topic sorted --limit 2")
    assert "2 of 3; --limit shows more" in shown.out
    assert "1970-01-01 00:00:03.000" in shown.out
    assert "no dead letters of nothing\n" == operator.type("dead-letters --topic nothing").out


def test_they_are_counted_by_topic_and_kind_of_error(operator: Terminal) -> None:
    """Errors that differ in their numbers are of one kind."""
    written(
        operator.bootstrap,
        letter("counted", 1, "3 bytes are left over"),
        letter("counted", 2, "17 bytes are left over"),
        letter("counted", 3, "no Avro single-object marker"),
    )
    found = operator.json("dead-letters count")
    assert [("N bytes are left over", 2), ("no Avro single-object marker", 1)] == [
        (kind["error"], kind["count"]) for kind in found["kinds"] if kind["topic"] == "counted"
    ]
    assert len(operator.json("dead-letters --limit 1000000")) == found["total"]
    assert f"{found['total']} dead letters" in operator.type("dead-letters count").out


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"\x00rubbish", "Undecodable"),
        (b"\xc3\x01" + 8 * b"\xff", "UnknownFingerprint"),
        (encode(Tick(b"")), "a Tick"),
        (encode(letter("cut", 1, "off"))[:-3], "Undecodable"),
    ],
    ids=["bad marker", "newer schema", "other record", "truncated"],
)
def test_what_is_no_letter_on_their_own_topic_is_told_as_one(
    operator: Terminal, value: bytes, says: str
) -> None:
    """Nothing there keeps the others from being read."""
    place = sent(operator.bootstrap, DEAD_LETTERS, f"strange {says} {len(value)}", value)
    written(operator.bootstrap, letter("behind", 1, "it is read all the same"))

    rows = operator.json("dead-letters --limit 1000000")

    assert {place, "behind/0/1"} <= {row["place"] for row in rows}
    found = operator.json(f"dead-letters show {place}")
    assert "no dead letter that this build can read" in found["error"]
    assert says in found["error"]
    assert value.hex() == found["value_hex"]


def test_a_letter_says_how_much_of_its_record_is_kept(operator: Terminal) -> None:
    """Of a large record the beginning; and its text does nothing to a terminal."""
    large = letter("large", 1, "\x1b[31mred")._replace(size=70_000, time_ms=1 << 62)
    written(operator.bootstrap, large)
    shown = operator.type("dead-letters show large/0/1").out
    assert f"70,000 bytes, of which the first {len(RUBBISH)} are kept" in shown
    assert f"{1 << 62} ms" in shown
    assert "\x1b" not in shown + operator.type("dead-letters --topic large").out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("show orders/0/999999999", "place 'orders/0/999999999': no dead letter is of this place"),
        ("show orders/0", "must be TOPIC/PARTITION/OFFSET"),
        ("show orders/zero/1", "must be TOPIC/PARTITION/OFFSET"),
        ("show", "Missing argument"),
        ("--limit 0", "--limit"),
        ("shew orders/0/1", "shew"),
    ],
)
def test_a_place_of_no_letter_is_refused(operator: Terminal, line: str, says: str) -> None:
    """Exit code 2, and what to give instead."""
    ended = operator.type(f"dead-letters {line}")
    assert (2, "") == (ended.code, ended.out)
    assert says in ended.err


def test_bytes_that_cannot_be_written_are_told(operator: Terminal) -> None:
    """With the reason."""
    written(operator.bootstrap, letter("unwritable", 1, "x"))
    ended = operator.type("dead-letters show unwritable/0/1 --raw /dev/null/x")
    assert 2 == ended.code
    assert "cannot be written" in ended.err


def test_kinds_of_errors_leave_out_what_is_of_one_record() -> None:
    """Numbers, and what a decoder says of the bytes."""
    assert "no instrument N on this partition" == error_kind("no instrument 55 on this partition")
    assert "not a partita.orders.Tick: KeyError" == error_kind(
        "not a partita.orders.Tick: KeyError 'x'"
    )
