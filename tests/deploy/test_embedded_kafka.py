"""The embedded Kafka, as a real broker: its life, its data, and everything it must refuse.

Only processes that a test itself started are ever signalled.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from partita.deploy import errors
from partita.deploy.kafka import EmbeddedKafka, jars, ports, probe
from partita.deploy.kafka.folder import DataFolder

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


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def marker(**changes: object) -> str:
    """Return the text of a good partita.json, but for the changes."""
    fields = {"format": 1, "cluster_id": "4L6g3nShT-eMCtK--X86sw", "port": 1, "controller_port": 2}
    return json.dumps(fields | changes)


@contextmanager
def listener() -> Iterator[socket.socket]:
    """A stranger that holds a port."""
    with socket.create_server((ports.HOST, 0)) as server:
        yield server


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


def test_named_port_in_use_changes_nothing(tmp_path: Path) -> None:
    """The error names the port, and the folder is not even made."""
    with listener() as server:
        port = server.getsockname()[1]
        with pytest.raises(errors.PortInUse, match=f"port {port} on 127.0.0.1"):
            EmbeddedKafka(tmp_path / "data", port).start()

    assert not (tmp_path / "data").exists()


def test_impossible_port(tmp_path: Path) -> None:
    """A number that is no port is a programmer's error."""
    with pytest.raises(ValueError, match="65536"):
        EmbeddedKafka(tmp_path, 65536)


def test_remembered_port_that_is_taken_is_chosen_anew() -> None:
    """A wish is granted where it can be, and never to both ports."""
    with listener() as server:
        taken = server.getsockname()[1]
        free = ports.choose(taken)

    assert free != taken
    assert ports.choose(free) == free
    assert ports.choose(free, other_than=free) != free


@pytest.mark.parametrize("below", ["", "data"])
def test_unwritable_folder(tmp_path: Path, below: str) -> None:
    """A path that is a file, or below one, is refused."""
    file = tmp_path / "file"
    file.write_text("precious")

    with pytest.raises(errors.DataFolderUnwritable, match="Not a directory"):
        EmbeddedKafka(file / below).start()

    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("files", "error", "text"),
    [
        ({"thesis.tex": "x"}, errors.DataFolderForeign, "thesis.tex"),
        ({"kafka/meta.properties": "cluster.id=x"}, errors.DataFolderForeign, "kafka"),
        ({"partita.json": marker(format=2)}, errors.DataFolderFormat, "format 2"),
        ({"partita.json": "{"}, errors.DataFolderFormat, "damaged"),
        ({"partita.json": "[]"}, errors.DataFolderFormat, "damaged"),
        ({"partita.json": '{"format": 1}'}, errors.DataFolderFormat, "damaged"),
        ({"partita.json": marker(port="80")}, errors.DataFolderFormat, "damaged"),
        (
            {"partita.json": marker(), "kafka/meta.properties": "node.id=1\ncluster.id=other\n"},
            errors.DataFolderMixed,
            "other",
        ),
        (
            {"partita.json": marker(), "kafka/meta.properties": "", "kafka/orders-0/0.log": "x"},
            errors.DataFolderMixed,
            "orders-0",
        ),
    ],
)
def test_folder_of_others(
    tmp_path: Path, files: dict[str, str], error: type[errors.DataFolderError], text: str
) -> None:
    """Each kind of wrong folder has its own error, and stays as it was."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    before = contents(tmp_path)

    with pytest.raises(error, match=text):
        EmbeddedKafka(tmp_path).start()

    assert contents(tmp_path) == before


def test_java_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Java nothing is begun."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(errors.JavaMissing, match="no `java` on PATH"):
        EmbeddedKafka(tmp_path / "data").start()

    assert not (tmp_path / "data").exists()


def test_java_home_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JAVA_HOME that is wrong is said to be, not passed over."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(errors.JavaMissing, match="JAVA_HOME is"):
        EmbeddedKafka(tmp_path / "data").start()


@pytest.mark.parametrize(("version", "number"), [("11.0.2", "11"), ("1.8.0_412", "8")])
def test_java_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, number: str
) -> None:
    """An old Java is named with its number, in both ways of counting."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(errors.JavaTooOld, match=f"is Java {number}, and Kafka needs 17"):
        EmbeddedKafka(tmp_path / "data").start()


def test_maven_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maven is asked for only where the cache is empty, and by name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")

    with pytest.raises(errors.MavenMissing, match="no `mvn` on PATH"):
        jars.class_path()


def test_maven_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Maven said is shown, and no half-filled cache is left."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MAVEN_OPTS", f"-Dmaven.repo.local={tmp_path}/file/repository")

    with pytest.raises(errors.JarsUnavailable, match="file/repository"):
        jars.class_path()

    assert [p.name for p in (tmp_path / "cache" / "partita").iterdir()] == [".kafka.lock"]


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.kafka
def test_two_fetches_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fetches, the other waits, both get the same jars, and nothing else is left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: jars.class_path(), range(2))

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


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x0c" + b"\x7f" * 12, b"\x00\x00"],
)
def test_probe_of_a_stranger(answer: bytes) -> None:
    """Whatever else listens there, the answer is no, not an error."""

    def serve() -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(answer)

    with listener() as server:
        stranger = threading.Thread(target=serve)
        stranger.start()
        assert not probe.is_ready(server.getsockname()[1], "4L6g3nShT-eMCtK--X86sw")
        stranger.join()


def test_probe_of_nobody() -> None:
    """A port that nobody listens on is not ready."""
    assert not probe.is_ready(ports.choose(None), "4L6g3nShT-eMCtK--X86sw")


def test_exit_codes_are_distinct() -> None:
    """A script can tell every kind of failure from every other."""

    def leaves(kind: type[errors.DeployError]) -> list[type[errors.DeployError]]:
        below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
        return below or [kind]

    codes = [leaf.exit_code for leaf in leaves(errors.DeployError)]

    assert len(codes) == len(set(codes))
    assert min(codes) > errors.DeployError.exit_code == 64


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a child of ours, without reaping it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
