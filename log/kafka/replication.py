"""Whether acknowledged records could vanish from a cluster: the rules, over facts read before."""

from collections.abc import Mapping

from partita.log.kafka.fitness import NOTHING_CHANGED, SET, Findings, TopicFacts
from partita.schemas.errors import UnsafeReplication

# The broker.rack by which everyone who asks the cluster knows the one-node cluster that `partita
# up` starts. It keeps one copy, and is meant to.
EMBEDDED_RACK = "partita-embedded"

# Of three replicas two have what is acknowledged: one broker may be away and writing goes on, and
# then one of the other two may be lost without an acknowledged record.
REPLICAS_MIN = 3
IN_SYNC_MIN = 2

_OR_ALLOW = "; or, only where records may be lost, start with --allow-unsafe-replication"


def check_replication(topics: Mapping[str, TopicFacts]) -> None:
    """Check that no acknowledged record of these topics can vanish with one broker.

    Raises:
        UnsafeReplication: it could.
    """
    found = Findings()
    for name, topic in topics.items():
        if topic.replicas < REPLICAS_MIN:
            found.add(name, f"replication factor {topic.replicas}", f"{REPLICAS_MIN} or more")
        in_sync = int(topic.settings["min.insync.replicas"])
        most = max(topic.replicas, REPLICAS_MIN) - 1
        if not IN_SYNC_MIN <= in_sync <= most:
            # All of them in sync would let one broker that is away stop the exchange.
            rule = f"{IN_SYNC_MIN}" if most == IN_SYNC_MIN else f"from {IN_SYNC_MIN} to {most}"
            found.add(name, f"min.insync.replicas={in_sync}", rule)
        unclean = topic.settings["unclean.leader.election.enable"]
        if unclean != "false":
            found.add(name, f"unclean.leader.election.enable={unclean}", "false")
    if found:
        raise UnsafeReplication(
            f"acknowledged records could vanish from this cluster: {found}. {NOTHING_CHANGED}."
            f" Set them (`{SET} SETTING=VALUE`; replicas with kafka-reassign-partitions.sh)"
            f"{_OR_ALLOW}"
        )


def check_room(brokers: int, replication: int) -> None:
    """Check that topics made with so many replicas would be safe on so many brokers.

    Raises:
        UnsafeReplication: they would not.
    """
    if brokers < REPLICAS_MIN:
        raise UnsafeReplication(
            f"this cluster has {brokers} broker{'s' * (brokers != 1)}, and must have"
            f" {REPLICAS_MIN} or more to keep what it acknowledges. {NOTHING_CHANGED}. Use a"
            f" larger one, all its brokers running, or `partita up` without --bootstrap{_OR_ALLOW}"
        )
    if replication < REPLICAS_MIN:
        raise UnsafeReplication(
            f"--replication is {replication}, and must be {REPLICAS_MIN} or more for acknowledged"
            f" records not to vanish. {NOTHING_CHANGED}. Give --replication {REPLICAS_MIN}"
            f"{_OR_ALLOW}"
        )
