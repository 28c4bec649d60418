"""Why a command was rejected or an order ended, in documented order of precedence.

A command that breaks several rules is rejected for the first of them in this list. The first part
is the ledger's, the second the book's; `partita.Reason.avsc` has the same members in the same
order, which a test compares.
"""

from enum import StrEnum


class Reason(StrEnum):
    """One reason. The text of each is in `EXPLAINED`."""

    NONE = "none"
    # the ledger's
    DUPLICATE_ID = "duplicate_id"
    COMMAND_EXPIRED = "command_expired"
    VALID_UNTIL_TOO_FAR = "valid_until_too_far"
    INVALID_ID = "invalid_id"
    INVALID_ACCOUNT = "invalid_account"
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_PRICE = "invalid_price"
    INVALID_SIZE = "invalid_size"
    INVALID_FUNDS = "invalid_funds"
    INVALID_COMBINATION = "invalid_combination"
    INVALID_EXPIRY = "invalid_expiry"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ORDER = "unknown_order"
    ORDER_DONE = "order_done"
    NOT_TRADING = "not_trading"
    PRICE_TOO_HIGH = "price_too_high"
    SIZE_TOO_SMALL = "size_too_small"
    SIZE_TOO_LARGE = "size_too_large"
    NOTIONAL_TOO_LARGE = "notional_too_large"
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    # the book's
    SIZE_ALREADY_FILLED = "size_already_filled"
    TOP_UP_TOO_SMALL = "top_up_too_small"
    POST_ONLY_WOULD_TAKE = "post_only_would_take"
    FILL_OR_KILL_UNFILLABLE = "fill_or_kill_unfillable"
    SELF_TRADE = "self_trade"
    IMMEDIATE_REMAINDER = "immediate_remainder"
    NO_LIQUIDITY = "no_liquidity"
    REQUESTED = "requested"
    TIME_REACHED = "time_reached"


EXPLAINED = {
    Reason.NONE: "nothing was refused",
    Reason.DUPLICATE_ID: "the command_id was used for other content; make a new one",
    Reason.COMMAND_EXPIRED: "it reached the log after its valid_until; if it was not yours to wait,"
    " compare your clock with the time of the answer",
    Reason.VALID_UNTIL_TOO_FAR: "valid_until is more than a minute ahead of the log; compare your"
    " clock with the time of the answer",
    Reason.INVALID_ID: "an identifier is 1 to 36 printable ASCII characters",
    Reason.INVALID_ACCOUNT: "an account is a whole number from 1 that belongs to this shard",
    Reason.UNKNOWN_ASSET: "no instrument has this asset",
    Reason.UNKNOWN_INSTRUMENT: "no such instrument is listed",
    Reason.INVALID_AMOUNT: "an amount is a whole number of units, not 0, within 2^62",
    Reason.INVALID_PRICE: "a limit order has a price of 1 tick or more, a market order has none",
    Reason.INVALID_SIZE: "a size is 1 lot or more; only a market buy with funds may go without",
    Reason.INVALID_FUNDS: "funds are for market buys, from 1 unit to 2^62",
    Reason.INVALID_COMBINATION: "these options do not go together",
    Reason.INVALID_EXPIRY: "a GTT order, and no other, has an expiry, and it lies ahead",
    Reason.UNKNOWN_ACCOUNT: "no transfer has opened this account",
    Reason.UNKNOWN_ORDER: "this account has no such order",
    Reason.ORDER_DONE: "the order has ended already; its final state is given",
    Reason.NOT_TRADING: "the instrument is halted: cancels only",
    Reason.PRICE_TOO_HIGH: "the price is above the instrument's limit",
    Reason.SIZE_TOO_SMALL: "the size is below the instrument's limit",
    Reason.SIZE_TOO_LARGE: "the size is above the instrument's limit",
    Reason.NOTIONAL_TOO_LARGE: "price times size, fee included, is above 2^62 quote units",
    Reason.TOO_MANY_OPEN_ORDERS: "the account has as many open orders as it may",
    Reason.INSUFFICIENT_FUNDS: "the available balance does not cover it",
    Reason.SIZE_ALREADY_FILLED: "as much as the new total size has been filled already",
    Reason.TOP_UP_TOO_SMALL: "fills raced the amend and its hold does not cover it; send it again",
    Reason.POST_ONLY_WOULD_TAKE: "a post-only order met a resting one",
    Reason.FILL_OR_KILL_UNFILLABLE: "the book cannot fill it whole",
    Reason.SELF_TRADE: "it met an order of its own account",
    Reason.IMMEDIATE_REMAINDER: "what an IOC or market order left unfilled",
    Reason.NO_LIQUIDITY: "a market order found nothing to take",
    Reason.REQUESTED: "its owner cancelled it",
    Reason.TIME_REACHED: "its expiry was reached",
}
