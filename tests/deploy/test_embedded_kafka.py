"""The embedded Kafka, as a real broker: its life, its data, and everything it must refuse.

Only processes that a test itself started are ever signalled.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from partita.deploy import errors
from partita.deploy.kafka import EmbeddedKafka, probe
from partita.deploy.kafka.embedded import JARS
from partita.deploy.kafka.folder import DataFolder
from partita.deploy.servers import ports

CLIENT_TIMEOUT_S = 10.0

# Starts a broker from a thread that ends at once, then sleeps until it is killed.
PARENT = """
import sys, threading, time
from pathlib import Path
from partita.deploy.kafka import EmbeddedKafka
kafka = EmbeddedKafka(Path(sys.argv[1]), int(sys.argv[2]))
starter = threading.Thread(target=kafka.start)
starter.start()
starter.join()
time.sleep(0.5)
print(kafka.pid if kafka.alive() else "the broker died with the thread", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One running broker for all tests that leave it as it is."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka") / "data") as running:
        yield running


def write(kafka: EmbeddedKafka, topic: str, value: bytes) -> None:
    """Return once the broker has acknowledged `value`."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all"})
    producer.produce(topic, value, partition=0)
    assert producer.flush(CLIENT_TIMEOUT_S) == 0


def create(kafka: EmbeddedKafka, topic: str) -> None:
    """Make a topic of one partition."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(CLIENT_TIMEOUT_S)


def read(kafka: EmbeddedKafka, topic: str, count: int) -> list[bytes | None]:
    """Return the first `count` values of a topic."""
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": "test"}
    with closing(Consumer(settings)) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return [message.value() for message in consumer.consume(count, CLIENT_TIMEOUT_S)]


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[str], None]]:
    """Mount a disk of its own on `folder`; the value yielded changes its size."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("needs a small disk, which only root can mount")
    first = [mount, "-t", "tmpfs", "-o", "size=4k", "none", str(folder)]
    if subprocess.run(first, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")

    def resize(size: str) -> None:
        subprocess.run([mount, "-o", f"remount,size={size}", str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run([umount, "--lazy", str(folder)], check=True)


# --- life ---------------------------------------------------------------------------------------


@pytest.mark.kafka
def test_restart_and_kill_keep_port_cluster_and_data(tmp_path: Path) -> None:
    """What was acknowledged is there after a stop and after a crash, at the same address."""
    data = tmp_path / "naïve, with a comma"
    said: list[str] = []
    kafka = EmbeddedKafka(data)
    try:
        kafka.start(said.append)
        address = kafka.bootstrap
        create(kafka, "kept")
        write(kafka, "kept", b"before the stop")

        assert any("formatting" in line for line in said)
        assert kafka.stop()
        assert not kafka.alive()
        assert kafka.pid is None

        again = EmbeddedKafka(data)  # as another process would
        said.clear()
        again.start(said.append)
        kafka, pid = again, again.pid
        assert pid is not None
        write(kafka, "kept", b"before the kill")
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)

        assert not any("formatting" in line for line in said)
        assert not kafka.alive()
        with pytest.raises(errors.KafkaDied, match="signal 9"):
            kafka.check()
        kafka.stop()

        kafka.start()
        assert kafka.bootstrap == address
        assert read(kafka, "kept", 2) == [b"before the stop", b"before the kill"]

        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGSTOP)  # it hangs
        assert not kafka.stop(timeout_s=0.2)
        assert not kafka.alive()
    finally:
        kafka.kill()


@pytest.mark.kafka
def test_killed_parent_takes_broker_along_and_the_next_start_works(tmp_path: Path) -> None:
    """The broker outlives the thread that started it, but never the process."""
    port = ports.choose(None)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "data"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        broker = int(parent.stdout.readline())
        with pytest.raises(errors.DataFolderInUse, match=f"pid {parent.pid}"):
            EmbeddedKafka(tmp_path / "data").start()
        parent.kill()

    # At once: it has to wait by itself for the orphan's end, and for the port that it named.
    with EmbeddedKafka(tmp_path / "data", port) as kafka:
        assert not Path(f"/proc/{broker}").exists()
        assert kafka.bootstrap == f"{ports.HOST}:{port}"


@pytest.mark.kafka
def test_ctrl_c_does_not_reach_the_broker(kafka: EmbeddedKafka) -> None:
    """It has a session of its own, so the terminal's signals go past it."""
    assert kafka.pid is not None
    assert os.getsid(kafka.pid) == kafka.pid


@pytest.mark.kafka
def test_broker_runs_with_our_settings(kafka: EmbeddedKafka) -> None:
    """The settings that others rely on are in force."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    node = ConfigResource(ResourceType.BROKER, "1")
    found = admin.describe_configs([node])[node].result(CLIENT_TIMEOUT_S)

    expected = {
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "message.max.bytes": str(4 << 20),
        "log.retention.ms": "-1",
        "group.min.session.timeout.ms": "1000",
    }
    assert expected == {key: found[key].value for key in expected}


@pytest.mark.kafka
def test_quiet_log(kafka: EmbeddedKafka) -> None:
    """A good start warns of nothing, so that a warning is worth reading."""
    text = kafka.log.read_text()

    assert "Kafka Server started" in text
    assert " WARN " not in text
    assert " ERROR " not in text


@pytest.mark.kafka
def test_time_out_leaves_nothing_running(tmp_path: Path) -> None:
    """A start that gives up kills what it began, and lets go of the folder."""
    kafka = EmbeddedKafka(tmp_path / "data")

    with pytest.raises(errors.KafkaNotReady, match="does not answer"):
        kafka.start(timeout_s=0.0)

    assert not kafka.alive()
    folder = DataFolder(tmp_path / "data")
    folder.open()
    folder.close()


@pytest.mark.kafka
def test_full_disk_ends_in_an_error_and_room_heals_it(tmp_path: Path) -> None:
    """Wherever a full disk cuts a first start off, it is said, and the next start goes on."""
    with small_disk(tmp_path) as resize:
        kafka = EmbeddedKafka(tmp_path / "data")
        resize("8k")
        with pytest.raises(errors.DataFolderUnwritable, match="No space left"):
            kafka.start()
        # 12: nothing formatted; 20: meta.properties empty; 32: formatted, but nothing fits.
        for size in ("12k", "20k", "32k"):
            resize(size)
            with pytest.raises(errors.KafkaDied, match="has only 0 MiB left"):
                kafka.start()
        resize("64m")
        with kafka:
            assert kafka.alive()


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.kafka
def test_folder_in_use(kafka: EmbeddedKafka) -> None:
    """A second owner is refused by the first one's pid, and the first one goes on."""
    with pytest.raises(errors.DataFolderInUse, match=f"in use by pid {os.getpid()}"):
        EmbeddedKafka(kafka.log.parent).start()

    assert kafka.alive()


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.kafka
def test_two_fetches_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fetches, the other waits, both get the same jars, and nothing else is left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: JARS.class_path(), range(2))

    assert first == second
    assert "kafka_2.13-4.3.1.jar" in first
    assert len([p for p in (tmp_path / "partita").iterdir() if p.is_dir()]) == 1


@pytest.mark.kafka
def test_probe_knows_its_own_broker(kafka: EmbeddedKafka) -> None:
    """Another cluster on our port is not our broker."""
    port = int(kafka.bootstrap.rpartition(":")[2])
    cluster_id = json.loads((kafka.log.parent / "partita.json").read_text())["cluster_id"]

    assert probe.is_ready(port, cluster_id)
    assert not probe.is_ready(port, "4L6g3nShT-eMCtK--X86sw")


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a child of ours, without reaping it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
