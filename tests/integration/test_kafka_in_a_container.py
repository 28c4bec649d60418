"""The exchange on a Kafka in a container: the same as on the embedded one."""

import asyncio
from pathlib import Path

import pytest
from containers.engine import docker_or_skip
from stores.running import settled, trade

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE

IMAGE = "confluentinc/cp-kafka:7.9.0"


@pytest.mark.kafka
@pytest.mark.container
@pytest.mark.timeout(300)
def test_an_exchange_trades_on_a_broker_in_a_container(tmp_path: Path) -> None:
    """Topics, workers, projector: its store is what its log makes at the end."""
    docker_or_skip()
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415 - only with Docker

    with KafkaContainer(IMAGE).with_kraft() as broker:
        plan = Plan(
            tmp_path,
            DEFAULT_FILE,
            bootstrap=broker.get_bootstrap_server(),
            replication=1,
            allow_unsafe_replication=True,  # one broker, and not of our own
            projectors=1,
        )
        with Exchange(plan) as exchange:
            exchange.start(lambda _: None)
            asyncio.run(trade(exchange.bootstrap, 100, lambda _: None))
            found = settled(exchange.bootstrap, exchange.store.address, exchange)

    assert found.covered == found.events
    assert () == found.differences
