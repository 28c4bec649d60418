"""The settings of the embedded Cassandra and of its Java machine, each with its reason.

DIR/cassandra.yaml repeats the reasons. What is not named has Cassandra's default.
"""

from typing import NamedTuple

from partita.deploy.servers.ports import HOST


class Setting(NamedTuple):
    """One line of cassandra.yaml (a value may be a flow of YAML), and why it is there."""

    key: str
    value: str | int
    why: str


# What Cassandra's own start script opens of Java 17 (its conf/jvm17-server.options).
_EXPORTS = (
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
_OPENS = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.math",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
)

JVM = (
    *(word for name in _EXPORTS for word in ("--add-exports", f"{name}=ALL-UNNAMED")),
    *(word for name in _OPENS for word in ("--add-opens", f"{name}=ALL-UNNAMED")),
    "-Djdk.attach.allowAttachSelf=true",
    "-Djava.security.manager=allow",  # Cassandra installs one of its own
    "-Xms512m",
    "-Xmx512m",  # what one exchange's projections need; the rest is the page cache's
    "-XX:MaxDirectMemorySize=256m",
    "-XX:+UseParallelGC",  # for two cores, as Kafka's
    "-XX:-UsePerfData",  # its file in /tmp makes the JVM's pauses wait for that disk
    "-XX:+ExitOnOutOfMemoryError",  # a server without memory is to be restarted, not to limp
    "-XX:ErrorFile=java_error_%p.log",  # into the data folder, where it is looked for
    "-Djava.io.tmpdir=tmp",  # native libraries are unpacked there; a killed run leaves them
    "-Dcassandra.storagedir=cassandra",  # below the data folder, in which it runs
    "-Dcassandra-foreground=yes",  # else it closes its standard output
    # One node waits for no other.
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.ring_delay_ms=100",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.shutdown_announce_in_ms=0",  # nobody to tell; the default makes a stop 2 s longer
)

TUNING = (
    # One node
    Setting("endpoint_snitch", "SimpleSnitch", "one node, one rack"),
    Setting(
        "partitioner", "org.apache.cassandra.dht.Murmur3Partitioner", "Cassandra wants it said"
    ),
    Setting("num_tokens", 1, "it owns the whole ring; fewer ranges make start and repair shorter"),
    Setting("auto_bootstrap", "false", "there is nobody to copy from"),
    Setting("hinted_handoff_enabled", "false", "there is nobody to hint for"),
    # Nothing that was acknowledged is lost by a kill
    Setting(
        "commitlog_sync",
        "batch",
        "a write is answered once it is on the disk; periodic loses"
        " the last 0.1 s at a kill, and 10 s at a power cut",
    ),
    Setting("commitlog_segment_size", "16MiB", "the default 32 for a smaller machine"),
    Setting("commitlog_total_space", "256MiB", "a kill replays this much at most"),
    # Sizes
    Setting("memtable_heap_space", "128MiB", "a quarter of the heap"),
    Setting("memtable_offheap_space", "64MiB", "heap buffers are used; Cassandra wants a figure"),
    Setting("file_cache_size", "64MiB", "the page cache does the rest"),
    Setting("concurrent_reads", 8, "two cores; the default is 32"),
    Setting("concurrent_writes", 16, "they wait for the disk together; the default is 32"),
    Setting("concurrent_compactors", 1, "leaves a core to the exchange"),
    Setting("compaction_throughput", "32MiB/s", "leaves the disk to the log"),
    Setting("auto_snapshot", "false", "a store that is rebuilt is dropped: the log is the truth"),
    Setting("disk_failure_policy", "die", "no disk: a person must look"),
    Setting("commit_failure_policy", "die", "as above"),
    # Nobody else's
    Setting("authenticator", "AllowAllAuthenticator", "no passwords: nobody else can reach it"),
    Setting("authorizer", "AllowAllAuthorizer", "as above"),
)


def yaml(cluster_id: str, port: int, storage_port: int) -> str:
    """Return the text of cassandra.yaml."""
    settings = (*_place(cluster_id, port, storage_port), *TUNING)
    return "".join(f"# {s.why}\n{s.key}: {s.value}\n" for s in settings)


def _place(cluster_id: str, port: int, storage_port: int) -> tuple[Setting, ...]:
    seeds = f'[{{seeds: "{HOST}:{storage_port}"}}]'
    provider = "org.apache.cassandra.locator.SimpleSeedProvider"
    return (
        Setting("cluster_name", f'"{cluster_id}"', "the marker's id: files of another are refused"),
        Setting("listen_address", HOST, "this machine only"),
        Setting("storage_port", storage_port, "for other nodes, of which there are none"),
        Setting("rpc_address", HOST, "this machine only"),
        Setting("native_transport_port", port, "for clients"),
        Setting(
            "seed_provider",
            f"[{{class_name: {provider}, parameters: {seeds}}}]",
            "it is its own seed",
        ),
    )
