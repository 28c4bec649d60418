"""The tables, one for each question, and how values go in and come out.

A partition is what one question reads. Where it could grow for ever it is cut into buckets by the
row's own number: a bucket holds a bounded stretch of ids, so no partition grows past some tens of
megabytes, and which one a key is in needs no look-up. Which buckets there are stands in `buckets`.

Amounts of up to 127 bits are varints; all else is a bigint, a boolean or a text.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from partita.ledger.store.rows import (
    ENUMS,
    WIDE,
    BalanceRow,
    CandleRow,
    EntryRow,
    FillRow,
    OrderRow,
    TradeRow,
)

# Ids in a bucket: at most 131,072 rows of about 150 bytes, 20 MB. An id counts up over a whole
# shard, so most accounts have far fewer in one.
BUCKET_IDS = 1 << 17
# Trade ids are a symbol's own and without gaps: every bucket gets full.
BUCKET_TRADES = 1 << 16
# Bars in a bucket: a week of minutes.
BUCKET_BARS = 10_080
# Index rows of open orders are deleted when an order ends, and the marks of that are in the way of
# reading until they are thrown away. That may be soon: a row that comes back is not believed,
# because the order itself says that it is done.
_OPEN_GRACE_S = 60


class Place(NamedTuple):
    """Where tables are: a generation of the store in a keyspace."""

    keyspace: str
    generation: str

    def of(self, name: str) -> str:
        """Return a table's name there."""
        return f"{self.keyspace}.{name}_{self.generation}"


class Table(NamedTuple):
    """A table: its partition key, the key within, and what it holds of a row."""

    name: str
    row: Any  # a class of rows
    partition: tuple[str, ...]  # `bucket` among them where there are buckets
    within: str  # the last clustering column, which pages go by
    inside: str = ""  # a clustering column before it
    ascending: bool = False
    keys_only: bool = False  # an index: the rest stands in another table
    options: tuple[str, ...] = ()

    @property
    def owner(self) -> tuple[str, ...]:
        """The partition key without the bucket."""
        return tuple(name for name in self.partition if name != "bucket")

    @property
    def key(self) -> tuple[str, ...]:
        """All that tells a row, and the bucket."""
        return (*self.partition, *self.clustering)

    @property
    def clustering(self) -> tuple[str, ...]:
        """The key within a partition."""
        return (self.inside, self.within) if self.inside else (self.within,)

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns without the bucket."""
        if self.keys_only:
            return tuple(name for name in self.key if name != "bucket")
        return tuple(self.row._fields)

    def create(self, place: Place) -> str:
        """Return the statement that makes it."""
        kinds = {name: _cql(self.row, name) for name in self.columns}
        if "bucket" in self.partition:
            kinds = {"bucket": "bigint"} | kinds
        columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        key = ", ".join((f"({', '.join(self.partition)})", *self.clustering))
        way = "ASC" if self.ascending else "DESC"
        order = ", ".join(f"{name} {way}" for name in self.clustering)
        having = " AND ".join((f"CLUSTERING ORDER BY ({order})", *self.options))
        return (
            f"CREATE TABLE IF NOT EXISTS {place.of(self.name)} ({columns}, PRIMARY KEY ({key}))"
            f" WITH {having}"
        )

    def insert(self, place: Place) -> str:
        """Return the statement that writes a row: bucket, columns, stamp, seconds to live."""
        names = (*(("bucket",) if "bucket" in self.partition else ()), *self.columns)
        places = ", ".join("?" * len(names))
        return (
            f"INSERT INTO {place.of(self.name)} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own words
            " USING TIMESTAMP ? AND TTL ?"
        )

    def select(self, place: Place, where: str = "") -> str:
        """Return the statement for its columns by a condition."""
        condition = f" WHERE {where}" if where else ""
        return f"SELECT {', '.join(self.columns)} FROM {place.of(self.name)}{condition}"  # noqa: S608 - our own words only


def bucket_of(table: Table, row: Any) -> int:
    """Return the bucket of a row, or of a key with the same fields."""
    column = table.inside or table.within
    return bucket_at(table, getattr(row, column), getattr(row, "interval_s", 0))


def bucket_at(table: Table, at: int, interval_s: int = 0) -> int:
    """Return the bucket of a place in a partition."""
    if table.row is CandleRow:
        return at // (interval_s * 1_000 * BUCKET_BARS)
    return at // (BUCKET_TRADES if table.row is TradeRow else BUCKET_IDS)


def binder(row: Any) -> Callable[[Any], list[Any]]:
    """Return the function from a row to what the driver takes."""
    enums = [at for at, kind in enumerate(row.__annotations__.values()) if kind in ENUMS]

    def bind(values: Any) -> list[Any]:
        fields = list(values)
        for at in enums:  # its own text, not a subclass
            fields[at] = str.__str__(fields[at])
        return fields

    return bind


def maker(row: Any) -> Callable[[Any], Any]:
    """Return the function from what the driver gives to a row."""
    kinds = row.__annotations__.values()
    enums = [(at, ENUMS[kind]) for at, kind in enumerate(kinds) if kind in ENUMS]

    def make(values: Any) -> Any:
        fields = list(values)
        for at, member in enums:
            fields[at] = member(fields[at])
        return row(*fields)

    return make


def _cql(row: Any, name: str) -> str:
    kind = row.__annotations__[name]
    if name in WIDE.get(row, ()):
        return "varint"
    return "bigint" if kind is int else "boolean" if kind is bool else "text"


_OPEN_OPTIONS = (
    f"gc_grace_seconds = {_OPEN_GRACE_S}",
    (
        "compaction = {'class': 'LeveledCompactionStrategy',"
        " 'unchecked_tombstone_compaction': 'true', 'tombstone_compaction_interval': '60'}"
    ),
)

BALANCES = Table("balances", BalanceRow, ("account",), "asset_id", ascending=True)
ORDERS = Table("orders", OrderRow, ("account", "bucket"), "order_id")
OPEN = Table(
    "open_orders",
    OrderRow,
    ("account",),
    "order_id",
    ascending=True,
    keys_only=True,
    options=_OPEN_OPTIONS,
)
BY_CLIENT_ID = Table(
    "orders_by_client", OrderRow, ("account", "client_order_id"), "order_id", keys_only=True
)
FILLS = Table("fills", FillRow, ("account", "bucket"), "number")
FILLS_BY_ORDER = Table(
    "fills_by_order", FillRow, ("account", "bucket"), "number", inside="order_id"
)
ENTRIES = Table("entries", EntryRow, ("account", "bucket"), "number")
TRADES = Table("trades", TradeRow, ("instrument_id", "bucket"), "trade_id")
CANDLES = Table("candles", CandleRow, ("instrument_id", "interval_s", "bucket"), "start_ms")

TABLES = (
    BALANCES, ORDERS, OPEN, BY_CLIENT_ID, FILLS, FILLS_BY_ORDER, ENTRIES, TRADES, CANDLES,
)  # fmt: skip
# Where all rows of a kind stand, each once.
OF_KIND = {table.row: table for table in (BALANCES, ORDERS, FILLS, ENTRIES, TRADES, CANDLES)}


class Buckets:
    """The table of buckets: of a table (kind) and an owner, which there are."""

    name = "buckets"
    create = (
        "CREATE TABLE IF NOT EXISTS {} (kind text, owner bigint, part bigint, bucket"
        " bigint, PRIMARY KEY ((kind, owner, part), bucket))"
        " WITH CLUSTERING ORDER BY (bucket DESC)"
    )
    insert = (
        "INSERT INTO {} (kind, owner, part, bucket) VALUES (?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?"
    )
    # The driver fetches more by itself where there are more.
    select = (
        "SELECT bucket FROM {} WHERE kind = ? AND owner = ? AND part = ? AND bucket <= ? LIMIT ?"
    )


class ProgressTable:
    """The table of progress: a source is a partition."""

    name = "progress"
    create = (
        "CREATE TABLE IF NOT EXISTS {} (topic text, topic_id text, partition bigint,"
        " offset bigint, number bigint, chain bigint, cause text,"
        " PRIMARY KEY ((topic, topic_id, partition)))"
    )
    insert = (
        "INSERT INTO {} (topic, topic_id, partition, offset, number, chain, cause)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
    )
    select = "SELECT topic, topic_id, partition, offset, number, chain, cause FROM {}"


NAMES = (*(table.name for table in TABLES), Buckets.name, ProgressTable.name)


def create_all(place: Place) -> list[str]:
    """Return the statements that make all tables of a generation."""
    own = [table.create(place) for table in TABLES]
    others = (Buckets, ProgressTable)
    return [*own, *(other.create.format(place.of(other.name)) for other in others)]
