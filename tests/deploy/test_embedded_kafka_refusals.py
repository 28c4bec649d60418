"""What the embedded Kafka refuses, before anything is started or changed."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from partita.deploy import errors
from partita.deploy.kafka import EmbeddedKafka, probe
from partita.deploy.kafka.embedded import JARS
from partita.deploy.servers import ports


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
        JARS.class_path()


def test_maven_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Maven said is shown, and no half-filled cache is left."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MAVEN_OPTS", f"-Dmaven.repo.local={tmp_path}/file/repository")

    with pytest.raises(errors.JarsUnavailable, match="file/repository"):
        JARS.class_path()

    assert [p.name for p in (tmp_path / "cache" / "partita").iterdir()] == [".maven.lock"]


def test_exit_codes_are_distinct() -> None:
    """A script can tell every kind of failure from every other."""

    def leaves(kind: type[errors.DeployError]) -> list[type[errors.DeployError]]:
        below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
        return below or [kind]

    codes = [leaf.exit_code for leaf in leaves(errors.DeployError)]

    assert len(codes) == len(set(codes))
    assert min(codes) > errors.DeployError.exit_code == 64


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
