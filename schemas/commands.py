"""What clients say to the ledger, on `account-commands`."""

from typing import NamedTuple

from partita.schemas.enums import OrderType, Question, SelfTrade, Side, TimeInForce


class Place(NamedTuple):
    """Put an order in. Its command_id is its client_order_id."""

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    instrument_id: int  # the instrument
    side: Side  # buy or sell
    type: OrderType  # limit or market
    time_in_force: TimeInForce  # how long; IOC or FOK for market orders
    price: int  # limit price, ticks; 0 for a market order
    size: int  # size, lots; 0 for a market buy by funds alone
    funds: int  # most quote units a market buy may cost, fees included; 0: not given
    post_only: bool  # reject rather than take
    self_trade: SelfTrade  # what happens when it meets an order of its own account
    expire_ms: int  # log time at which a GTT order expires, else 0


class Cancel(NamedTuple):
    """Take an order out."""

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    order_id: int  # the order, 0 when named by client_order_id
    # the order by the command_id it was placed with, empty when named by order_id
    client_order_id: str


class Amend(NamedTuple):
    """Change an open limit order."""

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    order_id: int  # the order, 0 when named by client_order_id
    # the order by the command_id it was placed with, empty when named by order_id
    client_order_id: str
    price: int  # new price, ticks
    size: int  # new total size, lots: what was filled counts


class CancelAll(NamedTuple):
    """Take out all orders of the account on one instrument."""

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    instrument_id: int  # the instrument


class Transfer(NamedTuple):
    """Move money in from outside (positive) or out (negative).

    Its id is never forgotten. The first one opens the account.
    """

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    asset_id: int  # the asset
    amount: int  # smallest units; positive in, negative out


class Inquire(NamedTuple):
    """Ask the shard, in its turn on the log. Nothing changes."""

    account: int  # account that commands, 1 or more
    # the client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within
    # its life gets the first answer
    command_id: str
    valid_until_ms: int  # log time after which the command is rejected, milliseconds since 1970
    question: Question  # what is asked
    order_id: int  # the order, 0 when named by client_order_id
    # the order by the command_id it was placed with, empty when named by order_id
    client_order_id: str


Command = Place | Cancel | Amend | CancelAll | Transfer | Inquire


class CommandBatch(NamedTuple):
    """A client's commands for one shard: a record on account-commands."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    commands: tuple[Command, ...]  # in the order in which they take effect
