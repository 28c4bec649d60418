"""The embedded Cassandra: its life, its data, and what it refuses.

What it has in common with the embedded Kafka (jars, locks, foreign folders) is tested there.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cassandra.cluster import Cluster, Session

from partita.deploy import errors
from partita.deploy.cassandra import EmbeddedCassandra, probe
from partita.deploy.servers import ports
from partita.deploy.store import ExchangeStore, StoreWish
from partita.schemas.errors import InvalidValue

# Starts a Cassandra from a thread that ends at once, then sleeps until it is killed.
PARENT = """
import sys, threading, time
from pathlib import Path
from partita.deploy.cassandra import EmbeddedCassandra
server = EmbeddedCassandra(Path(sys.argv[1]))
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
print(server.pid if server.alive() else "it died with the thread", flush=True)
time.sleep(600)
"""


def connect(server: EmbeddedCassandra) -> tuple[Cluster, Session]:
    """Connect a client."""
    host, _, port = server.address.partition(":")
    cluster = Cluster([host], port=int(port), protocol_version=5)
    return cluster, cluster.connect()


@pytest.mark.cassandra
@pytest.mark.timeout(180)
def test_restart_kill_and_a_killed_parent_keep_address_and_data(tmp_path: Path) -> None:
    """What was acknowledged is there after a stop and after a kill, in a folder with any name."""
    data = tmp_path / "naïve with a space"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(data)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        with pytest.raises(errors.DataFolderInUse, match=f"pid {parent.pid}"):
            EmbeddedCassandra(data).start()
        parent.kill()

    server = EmbeddedCassandra(data)
    try:
        server.start()  # at once: it waits by itself for the orphan's end
        assert not Path(f"/proc/{orphan}").exists()
        address = server.address
        cluster, session = connect(server)
        session.execute(
            "CREATE KEYSPACE k WITH replication ="
            " {'class': 'SimpleStrategy', 'replication_factor': 1}"
        )
        session.execute("CREATE TABLE k.t (a int PRIMARY KEY)")
        session.execute("INSERT INTO k.t (a) VALUES (1)")
        cluster.shutdown()
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(errors.CassandraDied, match="signal 9"):
            server.check()

        server.restart()
        assert address == server.address
        cluster, session = connect(server)
        assert [1] == [row.a for row in session.execute("SELECT a FROM k.t")]
        cluster.shutdown()
        port = int(address.rpartition(":")[2])
        cluster_id = json.loads((data / "partita.json").read_text())["cluster_id"]
        assert probe.is_ready(port, cluster_id)
        assert not probe.is_ready(port, "another"), "another's is not ours"
        assert " ERROR " not in server.log.read_text()
        assert server.stop()
        assert not server.alive()
    finally:
        server.kill()


def test_a_folder_that_cassandra_could_not_start_from_again(tmp_path: Path) -> None:
    """With a comma in its path it works until it is killed while it compacts."""
    with pytest.raises(errors.DataFolderName, match="a path with ','"):
        EmbeddedCassandra(tmp_path / "a,b").start()

    assert [] == list(tmp_path.iterdir())


def test_named_port_in_use_changes_nothing(tmp_path: Path) -> None:
    """The error names the port, and the folder is not even made."""
    with closing(socket.create_server((ports.HOST, 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.PortInUse, match=f"port {port} on 127.0.0.1"):
            EmbeddedCassandra(tmp_path / "data", port).start()

    assert not (tmp_path / "data").exists()


def test_java_too_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Java 24 on there is no security manager, and Cassandra 5.0 does not start."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"25.0.1\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(errors.JavaTooNew, match="is Java 25, and Cassandra runs on 23 at most"):
        EmbeddedCassandra(tmp_path / "data").start()


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x84\x00\x00\x00\x00\x00\x00\x00\x05ab"],
)
def test_probe_of_a_stranger(answer: bytes) -> None:
    """Whatever else listens there, the answer is no, not an error."""

    def serve() -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(answer)

    with closing(socket.create_server((ports.HOST, 0))) as server:
        stranger = threading.Thread(target=serve)
        stranger.start()
        assert not probe.is_ready(server.getsockname()[1], "id")
        stranger.join()


# --- which store an exchange has ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "address"),
    [
        (StoreWish(), "sqlite:{}/store.sqlite"),
        (StoreWish("sqlite"), "sqlite:{}/store.sqlite"),
        (StoreWish("sqlite:/x/y"), "sqlite:/x/y"),
        (StoreWish("cassandra", "a:1,b"), "cassandra:a:1,b"),
        (StoreWish("cassandra", "a", "dc1:3"), "cassandra:a?replication=dc1:3"),
        (StoreWish("cassandra:a/mine"), "cassandra:a/mine"),
    ],
)
def test_address_of_a_store(tmp_path: Path, wish: StoreWish, address: str) -> None:
    """By kind, by contact points, or as it is given; none of them is started here."""
    store = ExchangeStore(tmp_path, wish)

    assert address.format(tmp_path) == store.address
    assert store.cassandra is None


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (StoreWish("sqlite", contact_points="a"), "--contact-points"),
        (StoreWish(None, replication="3"), "--store-replication"),
        (StoreWish(None, port=9042), "--store-port"),
        (StoreWish("cassandra", "a:0"), "no port"),
        (StoreWish("cassandra", "a", "dc1:3,4"), "DC:NUMBER"),
        (StoreWish("cassandra", replication="99"), "from 1 to 15"),
        (StoreWish("cassandra:a/Bad"), "no keyspace"),
        (StoreWish("mysql:x"), "sqlite:PATH or cassandra"),
    ],
)
def test_wrong_words_about_a_store(tmp_path: Path, wish: StoreWish, text: str) -> None:
    """They are refused before anything runs."""
    with pytest.raises(InvalidValue, match=text):
        ExchangeStore(tmp_path, wish)
