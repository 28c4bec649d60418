"""The log on Kafka: the only home of confluent-kafka."""
