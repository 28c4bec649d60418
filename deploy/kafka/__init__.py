"""A real Kafka broker on this machine, without Docker."""

from partita.deploy.kafka.embedded import EmbeddedKafka

__all__ = ["EmbeddedKafka"]
