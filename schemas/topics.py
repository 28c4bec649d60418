"""The topics: who writes them, how they are cut into partitions, and how they are cleaned up."""

from typing import NamedTuple

ACCOUNT_COMMANDS = "account-commands"
ORDERS = "orders"
ACCOUNT_EVENTS = "account-events"
BOOK = "book"
TICKERS = "tickers"
TRADES = "trades"
DEPTH = "depth"
BOOK_SNAPSHOTS = "book-snapshots"
CANDLES = "candles"
INSTRUMENTS = "instruments"
DEAD_LETTERS = "dead-letters"
BOOKS_CHANGELOG = "books-changelog"
LEDGER_CHANGELOG = "ledger-changelog"
WORKER_STATUS = "worker-status"
PASSES = "passes"

# What is said on these is numbered or has an offset that states depend on: they are never compacted
# and never made anew.
EVENT_TOPICS = (ACCOUNT_COMMANDS, ORDERS, ACCOUNT_EVENTS, BOOK)


class TopicRule(NamedTuple):
    """What a topic must be like."""

    name: str
    partitioned_by: str  # shard, symbol, or one (a single partition)
    cleanup: str  # delete or compact
    retention_ms: int  # -1: never by time
    holds: str
    settings: tuple[tuple[str, str], ...] = ()  # of its own, by Kafka's names


# A worker that starts reads a changelog from its beginning: so what is dead there must go soon. The
# same for what readers of prices start with, of which most is dead after a second.
_CHANGELOG = (
    # Only closed segments are compacted; a few snapshots of a large machine fill one.
    ("segment.bytes", str(16 << 20)),
    ("segment.ms", "60000"),
    # Compacted as soon as a tenth is dead, and after a minute in any case.
    ("min.cleanable.dirty.ratio", "0.1"),
    ("max.compaction.lag.ms", "60000"),
    # A tombstone has been read by then, or a whole read starts anew anyhow.
    ("delete.retention.ms", "60000"),
)

# What is derived can be derived again: this is how far back its readers may be late.
_DAY_MS = 86_400_000
_WEEK_MS = 7 * _DAY_MS

# An input of a machine is never removed by time: it is the state until a snapshot stands behind it.
TOPICS = (
    TopicRule(ACCOUNT_COMMANDS, "shard", "delete", -1, "client commands, execution reports"),
    TopicRule(ORDERS, "symbol", "delete", -1, "reserved orders, cancels, amends, rules, ticks"),
    # Stores and public views are made anew from their first numbers: they are kept for ever, too.
    TopicRule(ACCOUNT_EVENTS, "shard", "delete", -1, "the private stream"),
    TopicRule(BOOK, "symbol", "delete", -1, "the public feed, order by order"),
    TopicRule(TICKERS, "symbol", "compact", -1, "best bid and offer, last price", _CHANGELOG),
    TopicRule(TRADES, "symbol", "delete", _WEEK_MS, "derived: each trade"),
    TopicRule(DEPTH, "symbol", "delete", _DAY_MS, "derived: each change of a price level"),
    TopicRule(BOOK_SNAPSHOTS, "symbol", "compact", -1, "where a late reader starts", _CHANGELOG),
    TopicRule(CANDLES, "symbol", "compact", -1, "derived: the bars", _CHANGELOG),
    TopicRule(INSTRUMENTS, "one", "compact", -1, "the rules of each symbol, for clients"),
    TopicRule(DEAD_LETTERS, "one", "compact", -1, "what could not be read"),
    TopicRule(BOOKS_CHANGELOG, "symbol", "compact", -1, "snapshots of books", _CHANGELOG),
    TopicRule(LEDGER_CHANGELOG, "shard", "compact", -1, "snapshots of shards", _CHANGELOG),
    TopicRule(WORKER_STATUS, "one", "compact", -1, "how the workers are", _CHANGELOG),
    TopicRule(PASSES, "one", "compact", -1, "records that the operator goes past"),
)


def shard_of(account: int, shards: int) -> int:
    """Return the ledger shard, which is the partition, of an account."""
    return account % shards


def shard_name(shard: int) -> str:
    """Return what a ledger shard is called; a book is called by its symbol."""
    return f"shard {shard}"


def partitions_of(rule: TopicRule, shards: int, partitions: int) -> int:
    """Return how many partitions a topic has in an exchange of so many shards and partitions."""
    return {"shard": shards, "symbol": partitions, "one": 1}[rule.partitioned_by]
