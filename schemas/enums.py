"""The enumerations of the log: each the twin of the Avro enum of its name."""

from enum import StrEnum


class InstrumentStatus(StrEnum):
    """trading: all commands. halted: cancel only."""

    TRADING = "trading"
    HALTED = "halted"


class Line(StrEnum):
    """Which of the two copies of a worker wrote a batch."""

    A = "A"
    B = "B"


class Liquidity(StrEnum):
    """maker: the order was resting. taker: it was incoming."""

    MAKER = "maker"
    TAKER = "taker"


class OrderState(StrEnum):
    """received: numbered and reserved by the ledger. open: resting in the book. done: ended."""

    RECEIVED = "received"
    OPEN = "open"
    DONE = "done"


class OrderType(StrEnum):
    """limit: never worse than its price. market: takes what the book offers."""

    LIMIT = "limit"
    MARKET = "market"


class Outcome(StrEnum):
    """How an order ended."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Question(StrEnum):
    """What an inquiry asks for.

    order: one order. open_orders: the account's orders that are not done, by order_id, at most 100
    after the order_id that is given. balances: all balances of the account. totals: the shard's own
    totals per asset. position: nothing but where the shard stands. The last two are for any account
    number of the shard, opened or not.
    """

    ORDER = "order"
    OPEN_ORDERS = "open_orders"
    BALANCES = "balances"
    TOTALS = "totals"
    POSITION = "position"


class SelfTrade(StrEnum):
    """Self-trade prevention, the taker's flag ruling.

    dc: decrease and cancel. co: cancel the oldest (resting). cn: cancel the newest (incoming). cb:
    cancel both.
    """

    DC = "dc"
    CO = "co"
    CN = "cn"
    CB = "cb"


class Side(StrEnum):
    """The side of an order."""

    BUY = "buy"
    SELL = "sell"


class TimeInForce(StrEnum):
    """GTC: until cancelled.

    IOC: what is not filled at once is cancelled. FOK: all at once or nothing. GTT: until expire_ms.
    """

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTT = "GTT"


class WorkerState(StrEnum):
    """What a worker does with a partition.

    silent: it computes and compares, and says nothing yet. replaying: behind where the log ended
    when it was given the partition. running: caught up. parked: it cannot go past a record.
    """

    SILENT = "silent"
    REPLAYING = "replaying"
    RUNNING = "running"
    PARKED = "parked"
