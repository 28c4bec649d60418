//! Books, orders and answers, in few words.

use partita_native::book::Book;
use partita_native::book::events::{BookEvent, Done, Traded};
use partita_native::schemas::enums::{
    InstrumentStatus, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::instrument::Instrument;
use partita_native::schemas::orders::{AmendOrder, CancelOrder, NewOrder, OrderEvent};

pub fn rules() -> Instrument {
    Instrument {
        instrument_id: 1,
        version: 1,
        symbol: "BTC-USD".to_owned(),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: 1,
        base_asset: "BTC".to_owned(),
        base_decimals: 0,
        quote_asset_id: 2,
        quote_asset: "USD".to_owned(),
        quote_decimals: 0,
        tick: 1,
        lot: 1,
        notional_unit: 1,
        min_size: 1,
        max_size: 1 << 62,
        max_price: 1 << 62,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
    }
}

pub fn book() -> Book {
    Book::new(rules())
}

/// A limit order, GTC, of an account numbered as the order.
pub fn limit(order_id: i64, side: Side, price: i64, size: i64) -> NewOrder {
    NewOrder {
        order_id,
        account: order_id,
        side,
        r#type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        price,
        size,
        funds: 0,
        post_only: false,
        self_trade: SelfTrade::Dc,
        expire_ms: 0,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
    }
}

pub fn buy(order_id: i64, price: i64, size: i64) -> NewOrder {
    limit(order_id, Side::Buy, price, size)
}

pub fn sell(order_id: i64, price: i64, size: i64) -> NewOrder {
    limit(order_id, Side::Sell, price, size)
}

/// A market buy by funds alone.
pub fn spend(order_id: i64, funds: i64) -> NewOrder {
    NewOrder {
        r#type: OrderType::Market,
        time_in_force: TimeInForce::Ioc,
        funds,
        ..buy(order_id, 0, 0)
    }
}

pub fn apply(book: &mut Book, event: OrderEvent, time_ms: i64) -> Vec<BookEvent> {
    let mut told = Vec::new();
    book.apply(&event, time_ms, &mut |event| told.push(event));
    book.check();
    told
}

pub fn place(book: &mut Book, order: NewOrder) -> Vec<BookEvent> {
    apply(book, OrderEvent::NewOrder(order), 1)
}

/// Place orders that are not looked at.
pub fn placed(book: &mut Book, orders: &[NewOrder]) {
    for order in orders {
        place(book, *order);
    }
}

pub fn cancel(book: &mut Book, order_id: i64, account: i64) -> Vec<BookEvent> {
    let cancel = CancelOrder {
        order_id,
        account,
        request: 7,
    };
    apply(book, OrderEvent::CancelOrder(cancel), 1)
}

/// Amend an order of the account numbered as it, with a top-up that always suffices.
pub fn amend(book: &mut Book, order_id: i64, price: i64, size: i64) -> Vec<BookEvent> {
    let amend = AmendOrder {
        order_id,
        account: order_id,
        price,
        size,
        top_up: 1_000_000,
        request: 8,
    };
    apply(book, OrderEvent::AmendOrder(amend), 1)
}

/// Maker, price and size of the trades.
pub fn trades(told: &[BookEvent]) -> Vec<(i64, i64, i64)> {
    let trade = |event: &BookEvent| match event {
        BookEvent::Traded(Traded {
            maker_order_id,
            price,
            size,
            ..
        }) => Some((*maker_order_id, *price, *size)),
        _ => None,
    };
    told.iter().filter_map(trade).collect()
}

/// Order, what was left, outcome and reason of the orders that ended.
pub fn ends(told: &[BookEvent]) -> Vec<(i64, i64, Outcome, Reason)> {
    let end = |event: &BookEvent| match event {
        BookEvent::Done(Done {
            order_id,
            size,
            outcome,
            reason,
            ..
        }) => Some((*order_id, *size, *outcome, *reason)),
        _ => None,
    };
    told.iter().filter_map(end).collect()
}

pub fn opened(told: &[BookEvent]) -> Vec<(i64, i64)> {
    let open = |event: &BookEvent| match event {
        BookEvent::Opened(opened) => Some((opened.order_id, opened.size)),
        _ => None,
    };
    told.iter().filter_map(open).collect()
}
