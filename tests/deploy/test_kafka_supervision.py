"""A broker that ends by itself is started again, and not for ever."""

import os
import signal
import time
from pathlib import Path

import pytest

from partita.deploy import errors
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.servers import supervision
from partita.deploy.servers.supervision import SupervisedServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def wait_until_died(kafka: EmbeddedKafka) -> None:
    """Wait until the broker's process has ended."""
    deadline_s = time.monotonic() + 30.0
    while kafka.alive():
        assert time.monotonic() < deadline_s, "it never ended"
        time.sleep(0.01)


def test_a_killed_broker_is_started_again_at_its_address(tmp_path: Path) -> None:
    """Who looks after it meanwhile is told why, and when."""
    said: list[str] = []
    with EmbeddedKafka(tmp_path / "data") as kafka:
        address, supervised = kafka.bootstrap, SupervisedServer(kafka)
        supervised.look_after(said.append)
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        wait_until_died(kafka)
        supervised.look_after(said.append)

        assert kafka.alive()
        assert address == kafka.bootstrap
        assert 1 == supervised.restarts
        assert "Kafka was ended by signal 9, and is started again in 0 s" in said[0]


def test_a_broker_that_ends_each_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that Kafka cannot start from ends in Kafka's own words, after some tries."""
    monkeypatch.setattr(supervision, "_BACK_OFF_S", (0.0, 0.0))
    with EmbeddedKafka(tmp_path / "data") as kafka:
        supervised = SupervisedServer(kafka)
        (state,) = (tmp_path / "data" / "kafka").glob("__cluster_metadata-0/quorum-state")
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        wait_until_died(kafka)
        state.write_text("rubbish")
        supervised.look_after(lambda _: None)
        with pytest.raises(errors.KafkaDied, match="Unrecognized token 'rubbish'"):
            supervised.look_after(lambda _: None)

        assert 2 == supervised.restarts
        assert not kafka.alive()
