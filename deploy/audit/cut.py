"""How far an audit goes: a cut through a log that may go on meanwhile."""

from collections.abc import Mapping
from typing import NamedTuple

from partita.deploy.audit.findings import Place
from partita.deploy.audit.source import Source
from partita.log.kafka.admin import ExchangeShape
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS


class Cut(NamedTuple):
    """How far the audit goes: the ends of the topics when it began.

    The outputs' ends are asked before the inputs', and the orders' both before and after the
    commands': so whatever stands below `outputs` was caused by what stands below `inputs`, and all
    reports that a shard takes are of orders that the books take.
    """

    inputs: Mapping[Place, tuple[int, int]]
    outputs: Mapping[Place, tuple[int, int]]


def cut(source: Source, shape: ExchangeShape) -> Cut:
    """Ask for the bounds of all topics, in the order that makes a cut of them."""
    orders = [Place(ORDERS, partition) for partition in range(shape.partitions)]
    commands = [Place(ACCOUNT_COMMANDS, shard) for shard in range(shape.shards)]
    told = [Place(ACCOUNT_EVENTS, shard) for shard in range(shape.shards)]
    told += [Place(BOOK, partition) for partition in range(shape.partitions)]
    outputs = {place: source.bounds(*place) for place in [*told, *orders]}
    inputs = {place: source.bounds(*place) for place in commands}
    inputs |= {place: source.bounds(*place) for place in orders}
    return Cut(inputs, outputs)
