"""Whether a cluster and its topics can carry an exchange: the rules, over facts read before.

Everything here only looks. A refusal names each topic with what it has, what it must have, and what
to do about it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from partita.schemas.errors import (
    LogTruncated,
    TopicMissing,
    TopicUnfit,
    WrongCleanup,
    WrongPartitions,
)
from partita.schemas.limits import RECORD_BYTES_MAX
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    EVENT_TOPICS,
    INSTRUMENTS,
    ORDERS,
    TOPICS,
    TopicRule,
    partitions_of,
)

# A record and its frame, as the topics are made; one that takes less would end workers for ever.
MESSAGE_BYTES_MAX = RECORD_BYTES_MAX + 64 * 1024

# The first `partita up` makes these and writes to them; an empty one later would not be the same.
# (Topics that a later version adds are created when they are missing.)
_WRITTEN_FROM_THE_START = (*EVENT_TOPICS, INSTRUMENTS)

NOTHING_CHANGED = "Nothing was changed"
SET = "kafka-configs.sh --alter --entity-type topics --entity-name TOPIC --add-config"


class ExchangeShape(NamedTuple):
    """How an exchange is cut, as its topics say."""

    shards: int
    partitions: int


class TopicFacts(NamedTuple):
    """A topic as it is."""

    topic_id: str  # Kafka's own, in its base64; another one for a topic made again
    partitions: int
    replicas: int  # of the partition that has the fewest
    settings: Mapping[str, str]  # those in effect, wherever they come from


class ClusterFacts(NamedTuple):
    """A cluster as it is."""

    brokers: int
    embedded: bool  # the one-node cluster that `partita up` starts
    topics: Mapping[str, TopicFacts]  # of the exchange, those that are there


def shape_of(counts: Mapping[str, int], bootstrap: str) -> ExchangeShape:
    """Return how the exchange is cut on a cluster whose topics have so many partitions.

    Raises:
        TopicMissing: there is no exchange, or not all of it.
    """
    missing = [rule.name for rule in TOPICS if rule.name not in counts]
    if missing:
        raise TopicMissing(
            f"no exchange at {bootstrap}: topics {', '.join(missing)} are missing;"
            " `partita up --bootstrap` creates them"
        )
    return ExchangeShape(counts[ACCOUNT_COMMANDS], counts[ORDERS])


def check_asked(topics: Mapping[str, TopicFacts], asked: ExchangeShape) -> None:
    """Check that an exchange that is there is cut as the operator asks.

    Raises:
        WrongPartitions: it is not.
    """
    for name, option, want in (
        (ACCOUNT_COMMANDS, "--shards", asked.shards),
        (ORDERS, "--partitions", asked.partitions),
    ):
        if name in topics and (have := topics[name].partitions) != want:
            raise WrongPartitions(
                f"{name} has {have} partitions, not {want}: the exchange on this cluster was made"
                f" with {option} {have}. {NOTHING_CHANGED}. Give it that {option}"
            )


def check_absent(absent: Sequence[str], holding: Sequence[str]) -> None:
    """Check that topics that are not there may be created, given those that hold records.

    Raises:
        LogTruncated: what stood in one of them would be missing, and its numbers given again.
    """
    gone = [name for name in absent if name in _WRITTEN_FROM_THE_START]
    if gone and holding:
        raise LogTruncated(
            f"{', '.join(gone)}: not there, while {', '.join(holding)} of the same exchange hold"
            f" records. {NOTHING_CHANGED}. Bring what is gone back from a copy; for a new exchange"
            " delete the others too, or use another cluster"
        )


def check_topics(topics: Mapping[str, TopicFacts], shape: ExchangeShape) -> None:
    """Check partitions, cleanup and the other settings of the topics that are there.

    Raises:
        WrongPartitions: a topic has another number of them than the exchange.
        WrongCleanup: a topic is compacted and must not be, or the other way round.
        TopicUnfit: another setting would lose, reorder or refuse records.
    """
    there = [(rule, topics[rule.name]) for rule in TOPICS if rule.name in topics]
    _check_partitions(there, shape)
    _check_cleanup(there)
    _check_other_settings(there)


class Findings:
    """What was found wrong, with all the topics that share it in one place."""

    def __init__(self) -> None:
        self._topics: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def add(self, topic: str, have: str, want: str) -> None:
        """Note what a topic has, and what it must have."""
        self._topics[have, want].append(topic)

    def __bool__(self) -> bool:
        return bool(self._topics)

    def __str__(self) -> str:
        return "; ".join(
            f"{', '.join(topics)}: {have}, and must be {want}"
            for (have, want), topics in self._topics.items()
        )


_There = Iterable[tuple[TopicRule, TopicFacts]]

# Kafka adds partitions and never takes any away.
_PARTITIONS_ADVICE = {
    "shard": "The number of shards is fixed when the exchange is made: bring the topic back from a"
    " copy, and add no partition to the others, or accounts are looked for in the wrong shard",
    "symbol": "All topics by symbol must have equally many, and more are harmless: give the others"
    " as many as the one that has most (kafka-topics.sh --alter --topic TOPIC --partitions N)",
    "one": "Bring the topic back from a copy",
}


def _check_partitions(there: _There, shape: ExchangeShape) -> None:
    found, advice = Findings(), dict[str, str]()
    for rule, topic in there:
        want = partitions_of(rule, *shape)
        if topic.partitions != want:
            base = {"shard": ACCOUNT_COMMANDS, "symbol": ORDERS}.get(rule.partitioned_by)
            like = f", as many as {base}" if base else ""
            found.add(rule.name, f"{topic.partitions} partitions", f"{want}{like}")
            advice[rule.partitioned_by] = _PARTITIONS_ADVICE[rule.partitioned_by]
    if found:
        raise WrongPartitions(f"{found}. {NOTHING_CHANGED}. {'. '.join(advice.values())}")


def _check_cleanup(there: _There) -> None:
    found = Findings()
    for rule, topic in there:
        if (have := topic.settings["cleanup.policy"]) != rule.cleanup:
            found.add(rule.name, f"cleanup.policy={have}", rule.cleanup)
    if found:
        raise WrongCleanup(
            f"{found}. Compaction removes events from a log of events; anything else removes what"
            f" a compacted topic must keep. {NOTHING_CHANGED}. Set it back"
            f" (`{SET} cleanup.policy=POLICY`), and see that no record is gone already"
        )


def _check_other_settings(there: _There) -> None:
    found = Findings()
    for rule, topic in there:
        for key, fits, want in _other_settings(rule):
            if not fits(have := topic.settings[key]):
                found.add(rule.name, f"{key}={have}", want)
    if found:
        raise TopicUnfit(f"{found}. {NOTHING_CHANGED}. Set it (`{SET} SETTING=VALUE`)")


def _other_settings(rule: TopicRule) -> tuple[tuple[str, Callable[[str], bool], str], ...]:
    """Return (setting, whether a value fits, what it must be) for a topic."""
    shortest_ms = rule.retention_ms
    longer = "" if shortest_ms < 0 else " or more"
    return (
        # The machines' time is the broker's time at the append.
        ("message.timestamp.type", "LogAppendTime".__eq__, "LogAppendTime"),
        (
            "retention.ms",
            lambda have: have == "-1" or 0 <= shortest_ms <= int(have),
            f"{shortest_ms}{longer}",
        ),
        ("retention.bytes", "-1".__eq__, "-1"),
        (
            "max.message.bytes",
            lambda have: int(have) >= MESSAGE_BYTES_MAX,
            f"{MESSAGE_BYTES_MAX} or more",
        ),
    )
