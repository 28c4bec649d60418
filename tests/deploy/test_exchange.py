"""When an exchange counts as up."""

import asyncio
from pathlib import Path

import pytest
from clusters.programs import running

from partita.deploy.exchange import assets_heard
from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.workers import worker_command
from partita.log.kafka.admin import Admin
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.matchers.partition import matcher_core
from partita.matchers.reference import ReferenceBook
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.errors import NoAnswer
from partita.schemas.topics import ACCOUNT_COMMANDS, INSTRUMENTS

SHARDS = 2


async def heard(bootstrap: str) -> set[str]:
    """Return what every shard has heard of, once the ledger answers."""
    while True:
        try:
            return await assets_heard(bootstrap, SHARDS)
        except NoAnswer:
            await asyncio.sleep(0.1)


@pytest.mark.kafka
@pytest.mark.timeout(120)
def test_an_asset_that_one_shard_has_not_heard_of_is_not_there_yet(tmp_path: Path) -> None:
    """Its accounts would be told that there is no such thing."""
    (rules,) = read_instruments(DEFAULT_FILE, 1, {})[:1]
    book = matcher_core(SHARDS, Line.A, ReferenceBook)
    book.open(0)
    announced = book.apply([Record(0, 0, 1, encode(rules))]).records
    with EmbeddedKafka(tmp_path / "data") as kafka:
        Admin(kafka.bootstrap).create_topics(SHARDS, 1)
        sender = Sender(kafka.bootstrap)
        sender.send(Outgoing(INSTRUMENTS, 0, rules.symbol.encode(), encode(rules)))
        with running(worker_command("ledger", kafka.bootstrap)):
            for shard, expected in ((0, set[str]()), (1, {rules.base_asset, rules.quote_asset})):
                for outgoing in announced:
                    if (outgoing.topic, outgoing.partition) == (ACCOUNT_COMMANDS, shard):
                        sender.send(outgoing)
                sender.flush(10.0)

                assert expected == asyncio.run(heard(kafka.bootstrap))
