"""A tape through one engine, offline: no Kafka, no ledger."""
