"""What a cluster says of itself and of the exchange's topics."""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource

from partita.log.kafka.fitness import ClusterFacts, TopicFacts
from partita.log.kafka.replication import EMBEDDED_RACK
from partita.schemas.errors import LogError

_LOOK_AGAIN_S = 0.1
_ADDRESS_ALPHABET = str.maketrans("+/", "-_")


def read_facts(client: AdminClient, topics: Sequence[str], timeout_s: float) -> ClusterFacts:
    """Return the facts of a cluster, and of these topics, which are there.

    A broker may not have heard yet of a topic that its controller has made a moment ago.

    Raises:
        LogError: the cluster does not tell.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            return _read(client, topics, timeout_s)
        except TimeoutError as error:
            raise LogError(f"the cluster does not tell its settings in {timeout_s} s") from error
        except KafkaException as error:
            unknown = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            if not unknown or time.monotonic() > deadline_s:
                raise LogError(
                    f"the cluster does not tell its settings: {error.args[0].str()}; asking must"
                    " be allowed (describe and describe configs, of cluster and topics)"
                ) from error
            time.sleep(_LOOK_AGAIN_S)


def _read(client: AdminClient, topics: Sequence[str], timeout_s: float) -> ClusterFacts:
    racks = [node.rack for node in client.describe_cluster().result(timeout_s).nodes]
    return ClusterFacts(
        brokers=len(racks),
        embedded=racks == [EMBEDDED_RACK],
        # The client refuses to ask about none.
        topics=_topics(client, topics, timeout_s) if topics else {},
    )


def _topics(client: AdminClient, topics: Sequence[str], timeout_s: float) -> dict[str, TopicFacts]:
    described = client.describe_topics(TopicCollection(list(topics)))
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
    settings = {
        resource.name: {key: str(entry.value) for key, entry in answer.result(timeout_s).items()}
        for resource, answer in client.describe_configs(resources).items()
    }
    found = {name: answer.result(timeout_s) for name, answer in described.items()}
    return {
        name: TopicFacts(
            # As Kafka's own tools print it: in the alphabet that is safe in addresses.
            topic_id=str(topic.topic_id).translate(_ADDRESS_ALPHABET),
            partitions=len(topic.partitions),
            replicas=min(len(partition.replicas) for partition in topic.partitions),
            settings=settings[name],
        )
        for name, topic in found.items()
    }
