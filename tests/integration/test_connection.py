"""A worker's connection to a real Kafka: what it is given is what it has asked for."""

import time
from collections.abc import Iterator

import pytest

from partita.deploy.kafka import EmbeddedKafka
from partita.log.kafka.admin import Admin
from partita.log.kafka.connection import KafkaConnection
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.topics import ACCOUNT_COMMANDS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

PARTITIONS = 32
RECORDS = 3  # on each
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of this module's own, with records on many partitions."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka") / "data") as kafka:
        Admin(kafka.bootstrap).create_topics(PARTITIONS, 1)
        sender = Sender(kafka.bootstrap)
        for partition in list(range(PARTITIONS)) * RECORDS:
            sender.send(Outgoing(ACCOUNT_COMMANDS, partition, None, b"one"))
        sender.flush(PATIENCE_S)
        yield kafka.bootstrap


@pytest.mark.parametrize("attempt", range(4))
def test_what_comes_first_of_a_partition_is_what_was_sought(bootstrap: str, attempt: int) -> None:
    """Sought the moment it is given, from wherever it stood before: no record is skipped."""
    connection = KafkaConnection(bootstrap, ACCOUNT_COMMANDS, f"group {attempt}", 2_000)
    sought: set[int] = set()
    came: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}
    deadline_s = time.monotonic() + PATIENCE_S
    while any(len(found) < RECORDS - 1 for found in came.values()):
        assert time.monotonic() < deadline_s, came
        for record in connection.poll(0.05):
            came[record.partition].append(record.offset)
        for partition in connection.owned().keys() - sought:
            sought.add(partition)
            connection.seek(partition, 1)
    connection.close()

    assert {partition: [1, 2] for partition in range(PARTITIONS)} == came
