"""The settings of the embedded broker and of its Java machine, each with its reason.

Measured on two cores (design section 9): p99.9 of the four-hop path fell from about 25 ms with
Kafka's and Java's defaults to 7 ms with these. DIR/kafka.properties repeats the reasons.
"""

from typing import NamedTuple

from partita.deploy.servers.ports import HOST
from partita.log.kafka.replication import EMBEDDED_RACK

MESSAGE_MAX_BYTES = (
    4 << 20
)  # a whole batch, with room; beyond it latency suffers more than rate gains
NODE_ID = 1


class Setting(NamedTuple):
    """One line of the broker's properties, and why it is there."""

    key: str
    value: str | int
    why: str


_SIMPLE_LOGGER = "-Dorg.slf4j.simpleLogger."
_LOGGING = (
    _SIMPLE_LOGGER + "defaultLogLevel=warn",  # at info a start alone says 1,500 lines
    _SIMPLE_LOGGER + "showDateTime=true",
    _SIMPLE_LOGGER + "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    _SIMPLE_LOGGER + "log.kafka.server.KafkaRaftServer=info",  # says when it has started
    # Warns at every clean stop that it has been closed already.
    _SIMPLE_LOGGER + "log.org.apache.kafka.clients.NetworkClient=error",
    # Warns at every start that it starts.
    _SIMPLE_LOGGER + "log.org.apache.kafka.controller.QuorumController=error",
)

BROKER_JVM = (
    *_LOGGING,
    "-Xms512m",  # no growing of the heap while the first orders come in
    "-Xmx1g",  # the log lives in the page cache; a broker of this size uses about 200 MB of heap
    "-XX:+UseParallelGC",  # best p99.9 of G1, Z, Serial and Parallel on two cores, by far
    "-XX:-UsePerfData",  # its file in /tmp makes the JVM's pauses wait for that disk
    "-XX:+ExitOnOutOfMemoryError",  # a broker without memory is to be restarted, not to limp
    "-XX:ErrorFile=java_error_%p.log",  # into the data folder, where it is looked for
)
# Formatting is half a second of cold code: the cheap compiler and collector make it shorter.
# (Never so for the broker: with the first compiler alone its latency is worse for ever.)
FORMAT_JVM = (
    *_LOGGING,
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
)

TUNING = (
    # Threads and latency
    Setting("num.network.threads", 2, "more than the cores only take turns: worse p99.9"),
    Setting("num.io.threads", 2, "as above; the default is 8"),
    Setting("group.initial.rebalance.delay.ms", 0, "one node: no others to wait for (default 3 s)"),
    Setting("group.min.session.timeout.ms", 1000, "lets a worker ask to be missed after 1 s"),
    # Sizes
    Setting("message.max.bytes", MESSAGE_MAX_BYTES, "a whole batch"),
    Setting("replica.fetch.max.bytes", MESSAGE_MAX_BYTES, "never below message.max.bytes"),
    Setting("log.cleaner.dedupe.buffer.size", 32 << 20, "default 128 MiB is a quarter of the heap"),
    # Nothing is lost or made silently
    Setting("auto.create.topics.enable", "false", "a misspelt topic is an error"),
    Setting("unclean.leader.election.enable", "false", "an empty replica must never win"),
    Setting("log.retention.ms", -1, "nothing goes by age unless its topic says so"),
    Setting("log.retention.bytes", -1, "nor by size"),
    Setting("log.cleaner.enable", "true", "compacted topics grow for ever without it"),
    # One node holds everything, including Kafka's own topics
    Setting("default.replication.factor", 1, "one node"),
    Setting("min.insync.replicas", 1, "one node"),
    Setting("offsets.topic.replication.factor", 1, "one node; the default 3 never comes true"),
    Setting("offsets.topic.num.partitions", 4, "few groups; 50 cost files and start-up time"),
    Setting("transaction.state.log.replication.factor", 1, "one node"),
    Setting("transaction.state.log.min.isr", 1, "one node"),
    Setting("transaction.state.log.num.partitions", 1, "partita itself uses no transactions"),
    Setting("share.coordinator.state.topic.replication.factor", 1, "one node"),
    Setting("share.coordinator.state.topic.min.isr", 1, "one node"),
    Setting("share.coordinator.state.topic.num.partitions", 1, "partita uses no share groups"),
    # Start after a kill -9: the controller waits until the former broker's session has run out.
    Setting("broker.session.timeout.ms", 3000, "start after a kill -9 in 5 s; in 12 s with 9000"),
    Setting("broker.heartbeat.interval.ms", 500, "six beats a session: a stall of 2 s is borne"),
)


def broker_properties(port: int, controller_port: int) -> str:
    """Return the text of the broker's properties file.

    The log folder is relative, and the broker runs in the data folder: so no character of the data
    folder's name (comma, backslash, umlaut) meets Kafka's or Java's parsers.
    """
    return "".join(
        f"# {s.why}\n{s.key}={s.value}\n" for s in (*_place(port, controller_port), *TUNING)
    )


def _place(port: int, controller_port: int) -> tuple[Setting, ...]:
    clients = f"CLIENTS://{HOST}:{port}"
    controller = f"{HOST}:{controller_port}"
    own = "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT"
    return (
        Setting("process.roles", "broker,controller", "one process is the whole cluster"),
        Setting("node.id", NODE_ID, "the only one"),
        Setting("broker.rack", EMBEDDED_RACK, "tells workers that one replica is on purpose here"),
        Setting("log.dirs", "kafka", "below the data folder, in which the broker runs"),
        Setting("listeners", f"{clients},CONTROLLER://{controller}", "this machine only"),
        Setting("advertised.listeners", clients, "what clients are told to connect to"),
        Setting("listener.security.protocol.map", own, "no passwords: nobody else can reach it"),
        Setting("inter.broker.listener.name", "CLIENTS", "no other broker; Kafka wants a name"),
        Setting(
            "controller.listener.names", "CONTROLLER", "kept apart from clients, as Kafka asks"
        ),
        # Not the newer controller.quorum.bootstrap.servers: that writes the port into the metadata
        # log when formatting, and a port may have to be changed later.
        Setting("controller.quorum.voters", f"{NODE_ID}@{controller}", "itself"),
    )
