//! The enumerations of the log.

places! {
    /// trading: all commands.
    InstrumentStatus {
        Trading = "trading",
        Halted = "halted",
    }
}

places! {
    /// Which of the two copies of a worker wrote a batch.
    Line {
        A = "A",
        B = "B",
    }
}

places! {
    /// maker: the order was resting.
    Liquidity {
        Maker = "maker",
        Taker = "taker",
    }
}

places! {
    /// received: numbered and reserved by the ledger.
    OrderState {
        Received = "received",
        Open = "open",
        Done = "done",
    }
}

places! {
    /// limit: never worse than its price.
    OrderType {
        Limit = "limit",
        Market = "market",
    }
}

places! {
    /// How an order ended.
    Outcome {
        Filled = "filled",
        Cancelled = "cancelled",
        Expired = "expired",
        Rejected = "rejected",
    }
}

places! {
    /// What an inquiry asks for.
    Question {
        Order = "order",
        OpenOrders = "open_orders",
        Balances = "balances",
        Totals = "totals",
        Position = "position",
    }
}

places! {
    /// Why.
    Reason {
        None = "none",
        DuplicateId = "duplicate_id",
        CommandExpired = "command_expired",
        ValidUntilTooFar = "valid_until_too_far",
        InvalidId = "invalid_id",
        InvalidAccount = "invalid_account",
        UnknownAsset = "unknown_asset",
        UnknownInstrument = "unknown_instrument",
        InvalidAmount = "invalid_amount",
        InvalidPrice = "invalid_price",
        InvalidSize = "invalid_size",
        InvalidFunds = "invalid_funds",
        InvalidCombination = "invalid_combination",
        InvalidExpiry = "invalid_expiry",
        UnknownAccount = "unknown_account",
        UnknownOrder = "unknown_order",
        OrderDone = "order_done",
        NotTrading = "not_trading",
        PriceTooHigh = "price_too_high",
        SizeTooSmall = "size_too_small",
        SizeTooLarge = "size_too_large",
        NotionalTooLarge = "notional_too_large",
        TooManyOpenOrders = "too_many_open_orders",
        InsufficientFunds = "insufficient_funds",
        SizeAlreadyFilled = "size_already_filled",
        TopUpTooSmall = "top_up_too_small",
        PostOnlyWouldTake = "post_only_would_take",
        FillOrKillUnfillable = "fill_or_kill_unfillable",
        SelfTrade = "self_trade",
        ImmediateRemainder = "immediate_remainder",
        NoLiquidity = "no_liquidity",
        Requested = "requested",
        TimeReached = "time_reached",
    }
}

places! {
    /// Self-trade prevention, the taker's flag ruling.
    SelfTrade {
        Dc = "dc",
        Co = "co",
        Cn = "cn",
        Cb = "cb",
    }
}

places! {
    /// The side of an order.
    Side {
        Buy = "buy",
        Sell = "sell",
    }
}

places! {
    /// GTC: until cancelled.
    TimeInForce {
        Gtc = "GTC",
        Ioc = "IOC",
        Fok = "FOK",
        Gtt = "GTT",
    }
}
