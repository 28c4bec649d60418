"""A cluster that could lose what it has acknowledged is refused, unless the operator insists."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters.nodes import cluster
from clusters.operator import Operator, eventually
from clusters.programs import PARTITA, ended, start_all, stopped_after, up_command

from partita.deploy.kafka import EmbeddedKafka, settings
from partita.log.kafka.admin import Admin
from partita.log.kafka.fitness import MESSAGE_BYTES_MAX
from partita.log.service import WorkerExit
from partita.schemas.errors import UnsafeReplication
from partita.schemas.topics import DEAD_LETTERS, ORDERS, TOPICS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

UNSAFE = WorkerExit.UNSAFE_REPLICATION
OPTION = "--allow-unsafe-replication"
IS_UP = "Ctrl-C stops all of it"  # the last line of a start


def without_rack(port: int, controller_port: int) -> str:
    """Return what versions before this check wrote, and what a user's own node may have."""
    lines = WITH_RACK(port, controller_port).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("broker.rack"))


WITH_RACK = settings.broker_properties
# What `partita up` gives a compacted topic.
ALL_BUT_REPLICAS = {
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": "-1",
    "max.message.bytes": str(MESSAGE_BYTES_MAX),
    "min.insync.replicas": "2",
}


def test_one_node_is_refused_unless_it_is_allowed_or_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made on it; --allow-unsafe-replication runs all; the rack tells the embedded."""
    data = tmp_path / "data"
    monkeypatch.setattr(settings, "broker_properties", without_rack)
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        operator, bootstrap = Operator(kafka.bootstrap), kafka.bootstrap

        refused = ended(up_command(bootstrap, data))
        assert UNSAFE == refused.code
        assert "has 1 broker, and must have 3 or more" in refused.said
        assert OPTION in refused.said
        assert {} == operator.look().counts

        # `up` is not up before its own workers have answered: they were told, too.
        allowed = stopped_after(IS_UP, up_command(bootstrap, data, OPTION))
        assert 0 == allowed.code, allowed.said

        before = operator.look()
        found = start_all(bootstrap, data)
        assert {UNSAFE} == {program.code for program in found.values()}, found
        for program in found.values():
            assert "orders" in program.said
            assert "replication factor 1, and must be 3 or more" in program.said
            assert "min.insync.replicas=1, and must be 2" in program.said
            assert OPTION in program.said
            assert "Traceback" not in program.said
        assert before == operator.look()

        worker = [*PARTITA, "ledger", "--bootstrap", bootstrap, OPTION]
        assert WorkerExit.STOPPED == stopped_after("owns partition 0", worker).code

    monkeypatch.undo()
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        assert (1, 1) == Admin(kafka.bootstrap).check_fitness()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A user's cluster of three nodes."""
    with cluster(tmp_path_factory.mktemp("cluster"), 3) as bootstrap:
        yield bootstrap


def test_three_nodes_are_used_once_every_topic_has_three_replicas(
    three: str, tmp_path: Path
) -> None:
    """One topic with less keeps the others from being made; without it `up` does all right."""
    operator, data = Operator(three), tmp_path / "data"
    operator.create(DEAD_LETTERS, 1, 1, ALL_BUT_REPLICAS)

    refused = ended(up_command(three, data))
    assert UNSAFE == refused.code, refused.said
    assert f"{DEAD_LETTERS}: replication factor 1, and must be 3 or more. Noth" in refused.said
    assert {DEAD_LETTERS: 1} == operator.look().counts

    operator.delete(DEAD_LETTERS)
    refused = ended(up_command(three, data, "--replication", "2"))
    assert UNSAFE == refused.code, refused.said
    assert "Give --replication 3" in refused.said
    assert {} == operator.look().counts

    accepted = stopped_after(IS_UP, up_command(three, data))
    assert 0 == accepted.code, accepted.said
    found = operator.look().topics
    assert {rule.name: 3 for rule in TOPICS} == {name: found[name].replicas for name in found}


@pytest.mark.parametrize(
    ("key", "value", "must"),
    [
        ("min.insync.replicas", "1", "2"),
        ("min.insync.replicas", "3", "2"),  # one broker away would stop the exchange
        ("unclean.leader.election.enable", "true", "false"),
    ],
)
def test_three_replicas_are_not_enough(three: str, key: str, value: str, must: str) -> None:
    """Acknowledged records are on two of them, and no replica without them ever leads."""
    admin = Admin(three)
    say = f"{ORDERS}: {key}={value}, and must be {must}. Nothing was changed"

    # Each broker hears of a change in its own time, and any of them may be asked.
    eventually(lambda: refusal(admin) is None)
    with Operator(three).setting(ORDERS, key, value):
        eventually(lambda: say in (refusal(admin) or ""))


def refusal(admin: Admin) -> str | None:
    """Return why an exchange will not start here, if so."""
    try:
        admin.create_topics(1, 1)
        admin.check_fitness()
    except UnsafeReplication as error:
        return str(error)
    return None
