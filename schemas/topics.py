"""The topics: who writes them, how they are cut into partitions, and how they are cleaned up."""

from typing import NamedTuple

ACCOUNT_COMMANDS = "account-commands"
ORDERS = "orders"
ACCOUNT_EVENTS = "account-events"
BOOK = "book"
TICKERS = "tickers"
INSTRUMENTS = "instruments"
DEAD_LETTERS = "dead-letters"


class TopicRule(NamedTuple):
    """What a topic must be like."""

    name: str
    partitioned_by: str  # shard, symbol, or one (a single partition)
    cleanup: str  # delete or compact
    retention_ms: int  # -1: never by time
    holds: str


# An input of a machine is never removed by time: it is the state until a snapshot stands behind it.
TOPICS = (
    TopicRule(ACCOUNT_COMMANDS, "shard", "delete", -1, "client commands, execution reports"),
    TopicRule(ORDERS, "symbol", "delete", -1, "reserved orders, cancels, amends, rules, ticks"),
    # The first number of a book is where a reader starts until there are book snapshots, so the
    # outputs are kept for ever too, for now.
    TopicRule(ACCOUNT_EVENTS, "shard", "delete", -1, "the private stream"),
    TopicRule(BOOK, "symbol", "delete", -1, "the public feed, order by order"),
    TopicRule(TICKERS, "symbol", "compact", -1, "best bid and offer, last price"),
    TopicRule(INSTRUMENTS, "one", "compact", -1, "the rules of each symbol, for clients"),
    TopicRule(DEAD_LETTERS, "one", "compact", -1, "what could not be read"),
)


def shard_of(account: int, shards: int) -> int:
    """Return the ledger shard, which is the partition, of an account."""
    return account % shards


def partitions_of(rule: TopicRule, shards: int, partitions: int) -> int:
    """Return how many partitions a topic has in an exchange of so many shards and partitions."""
    return {"shard": shards, "symbol": partitions, "one": 1}[rule.partitioned_by]
