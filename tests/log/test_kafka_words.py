"""What of the Kafka client's own words is passed on."""

import logging

from partita.log.kafka.words import Sparing

REFUSED = "FAIL [a#consumer-1] [thrd:b]: b: Connect to ipv4#b failed: Connection refused"


def passed(sparing: Sparing, text: str) -> bool:
    """Return whether a line is passed on."""
    record = logging.LogRecord("name", logging.ERROR, "file", 1, text, None, None)
    return sparing.filter(record)


def test_a_line_that_was_said_a_moment_ago_is_left_out() -> None:
    """However long the connection was up, and until ten seconds later; others are passed on."""
    now_s = 100.0
    sparing = Sparing(lambda: now_s)

    assert passed(sparing, f"{REFUSED} (after 0ms in state CONNECT)")
    assert not passed(sparing, f"{REFUSED} (after 1ms in state CONNECT)")
    assert passed(sparing, "FAIL [a#consumer-2] of another connection")
    now_s += 9.9
    assert not passed(sparing, f"{REFUSED} (after 0ms in state CONNECT)")
    now_s += 0.2
    assert passed(sparing, f"{REFUSED} (after 0ms in state CONNECT)")


def test_what_is_said_at_every_start_is_left_out() -> None:
    """It tells nobody anything."""
    assert not passed(Sparing(), "CONFWARN: enable.gapless.guarantee is experimental")
