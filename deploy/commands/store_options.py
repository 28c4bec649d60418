"""The options that say which store an exchange that is brought up has."""

from collections.abc import Callable
from typing import Any

import click


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --store, --contact-points, --store-replication and --store-port."""
    store = click.option(
        "--store",
        metavar="KIND|ADDRESS",
        help="The store of history: sqlite (store.sqlite in the data folder; default), cassandra"
        " (started here, or a cluster by --contact-points), or an address, sqlite:PATH or"
        " cassandra:HOST,.../KEYSPACE.",
    )
    points = click.option(
        "--contact-points",
        metavar="HOST[:PORT],...",
        help="With --store cassandra: use the cluster that has these nodes.",
    )
    replication = click.option(
        "--store-replication",
        metavar="N|DC:N,...",
        help="Replicas of the keyspace if it is made: a number (SimpleStrategy), or one for each"
        " data centre (NetworkTopologyStrategy); 3 if not given, 1 on the Cassandra started here.",
    )
    port = click.option(
        "--store-port", type=click.IntRange(1, 65535), help="Port of the Cassandra started here."
    )
    return store(points(replication(port(command))))
