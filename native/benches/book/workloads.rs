//! Made order flow: each workload is what a book is told before, and what is timed.

use crate::random::Random;
use crate::tape::Input;
use partita_native::schemas::enums::{OrderType, SelfTrade, Side, TimeInForce};
use partita_native::schemas::orders::{
    AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent,
};

const MIDDLE: i64 = 1_000_000;
/// Each account has this many orders.
const OWNED: i64 = 8;

/// A workload.
pub struct Workload {
    /// Told before the clock starts.
    pub before: Vec<Input>,
    /// Timed.
    pub timed: Vec<Input>,
}

fn limit(order_id: i64, account: i64, side: Side, price: i64, size: i64) -> NewOrder {
    NewOrder {
        order_id,
        account,
        side,
        r#type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        price,
        size,
        funds: 0,
        post_only: false,
        self_trade: SelfTrade::Co,
        expire_ms: 0,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
    }
}

fn place(order: NewOrder) -> Input {
    (OrderEvent::NewOrder(order), 1)
}

fn cancel(order: &NewOrder) -> Input {
    let cancel = CancelOrder {
        order_id: order.order_id,
        account: order.account,
        request: 1,
    };
    (OrderEvent::CancelOrder(cancel), 1)
}

fn cancel_all(account: i64) -> Input {
    let cancel = CancelOrders {
        account,
        request: 1,
    };
    (OrderEvent::CancelOrders(cancel), 1)
}

/// A resting order at a random distance from the middle.
fn resting(random: &mut Random, order_id: i64, levels: i64) -> NewOrder {
    let side = if random.below(2) == 0 {
        Side::Buy
    } else {
        Side::Sell
    };
    let distance = 1 + random.below(levels / 2);
    let price = match side {
        Side::Buy => MIDDLE - distance,
        Side::Sell => MIDDLE + distance,
    };
    limit(
        order_id,
        1 + order_id / OWNED,
        side,
        price,
        1 + random.below(1_000),
    )
}

/// So many resting orders over so many levels.
#[must_use]
pub fn book_of(orders: i64, levels: i64) -> Vec<NewOrder> {
    let mut random = Random::new(7);
    (1..=orders)
        .map(|order_id| resting(&mut random, order_id, levels))
        .collect()
}

/// Their inputs.
#[must_use]
pub fn places(orders: &[NewOrder]) -> Vec<Input> {
    orders.iter().copied().map(place).collect()
}

/// Random inserts, cancels and amends of price or size in a deep book.
#[must_use]
pub fn deep(messages: i64) -> Workload {
    const ORDERS: i64 = 1_000_000;
    const LEVELS: i64 = 100_000;
    let mut orders = book_of(ORDERS, LEVELS);
    let before = places(&orders);
    let mut random = Random::new(11);
    let mut timed = Vec::new();
    let count = i64::try_from(orders.len()).expect("a count");
    for number in 0..messages / 2 {
        let at = usize::try_from(random.below(count)).expect("a place");
        let new = resting(&mut random, ORDERS + 1 + number, LEVELS);
        if random.below(4) == 0 {
            let old = &mut orders[at];
            let price = if old.side == new.side && random.below(2) == 0 {
                new.price
            } else {
                old.price
            };
            (old.price, old.size) = (price, new.size);
            let amend = AmendOrder {
                order_id: old.order_id,
                account: old.account,
                price,
                size: new.size,
                top_up: 1 << 40,
                request: 1,
            };
            timed.push((OrderEvent::AmendOrder(amend), 1));
        } else {
            timed.push(cancel(&orders[at]));
            timed.push(place(new));
            orders[at] = new;
        }
    }
    Workload { before, timed }
}

/// Market orders that eat a thousand levels of one order each.
#[must_use]
pub fn sweep() -> Workload {
    const ROUNDS: i64 = 100;
    const EATEN: i64 = 1_000;
    let asks: Vec<NewOrder> = (0..ROUNDS * EATEN)
        .map(|number| {
            limit(
                1 + number,
                1 + number / OWNED,
                Side::Sell,
                MIDDLE + number,
                5,
            )
        })
        .collect();
    let mut before = places(&asks);
    Random::new(13).shuffle(&mut before);
    let timed = (0..ROUNDS)
        .map(|number| {
            let mut order = limit(
                ROUNDS * EATEN + 1 + number,
                1 << 40,
                Side::Buy,
                0,
                EATEN * 5,
            );
            order.r#type = OrderType::Market;
            order.time_in_force = TimeInForce::Ioc;
            order.funds = 1 << 60;
            place(order)
        })
        .collect();
    Workload { before, timed }
}

/// Place 100,000 orders and cancel them all by id, in random order.
#[must_use]
pub fn cancel_storm() -> Workload {
    let orders = book_of(100_000, 10_000);
    let mut cancels: Vec<Input> = orders.iter().map(cancel).collect();
    Random::new(17).shuffle(&mut cancels);
    let mut timed = places(&orders);
    timed.extend(cancels);
    Workload {
        before: Vec::new(),
        timed,
    }
}

/// Cancel 100,000 orders by account, in random order of accounts.
#[must_use]
pub fn cancel_accounts() -> Workload {
    const ORDERS: i64 = 100_000;
    let orders = book_of(ORDERS, 10_000);
    let mut timed: Vec<Input> = (1..=1 + ORDERS / OWNED).map(cancel_all).collect();
    Random::new(19).shuffle(&mut timed);
    Workload {
        before: places(&orders),
        timed,
    }
}
