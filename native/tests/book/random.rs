//! Random order flow: every invariant after every step, and a restored book that agrees.

use crate::made::{limit, rules};
use partita_native::book::Book;
use partita_native::book::events::BookEvent;
use partita_native::schemas::enums::{OrderType, SelfTrade, Side, TimeInForce};
use partita_native::schemas::orders::{
    AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent,
};

struct Flow {
    seed: u64,
    orders: i64,
    width: i64,
}

impl Flow {
    fn below(&mut self, bound: i64) -> i64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        i64::try_from((self.seed >> 1) % u64::try_from(bound).expect("a bound")).expect("below")
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let count = i64::try_from(all.len()).expect("a count");
        all[usize::try_from(self.below(count)).expect("a place")]
    }

    fn price(&mut self) -> i64 {
        let width = self.width;
        10 + width + self.below(width)
    }

    fn place(&mut self, time_ms: i64) -> NewOrder {
        self.orders += 1;
        let (side, price, size) = (self.one_of(Side::ALL), self.price(), 1 + self.below(9));
        let mut order = limit(self.orders, side, price, size);
        order.account = 1 + self.below(4);
        order.self_trade = self.one_of(SelfTrade::ALL);
        order.time_in_force = self.one_of(TimeInForce::ALL);
        order.taker_fee_ppm = self.one_of(&[0, 2_500]);
        match order.time_in_force {
            TimeInForce::Gtc => order.post_only = self.below(4) == 0,
            TimeInForce::Gtt => order.expire_ms = time_ms + self.below(40),
            TimeInForce::Ioc | TimeInForce::Fok => {
                if self.below(2) == 0 {
                    order.r#type = OrderType::Market;
                    order.price = 0;
                    if side == Side::Buy {
                        order.funds = 1 + self.below(500);
                        order.size *= self.below(2);
                    }
                }
            }
        }
        order
    }

    fn event(&mut self, time_ms: i64) -> OrderEvent {
        let order_id = (self.orders - self.below(30)).max(1);
        let account = 1 + self.below(4);
        match self.below(20) {
            0..10 => OrderEvent::NewOrder(self.place(time_ms)),
            10..14 => OrderEvent::CancelOrder(CancelOrder {
                order_id,
                account,
                request: time_ms,
            }),
            14..19 => OrderEvent::AmendOrder(AmendOrder {
                order_id,
                account,
                price: self.price(),
                size: 1 + self.below(12),
                top_up: self.below(300),
                request: time_ms,
            }),
            _ => OrderEvent::CancelOrders(CancelOrders {
                account,
                request: time_ms,
            }),
        }
    }
}

fn told(book: &mut Book, event: &OrderEvent, time_ms: i64) -> Vec<BookEvent> {
    let mut told = Vec::new();
    book.apply(event, time_ms, &mut |event| told.push(event));
    told
}

#[test]
fn every_invariant_holds_after_every_step() {
    for (seed, width) in (1..).zip([4, 30, 300, 100_000]) {
        let mut flow = Flow {
            seed,
            orders: 0,
            width,
        };
        let mut book = Book::new(rules());
        let mut twin = book.clone();
        for step in 0..3_000 {
            let time_ms = step / 3;
            let event = flow.event(time_ms);
            let answer = told(&mut book, &event, time_ms);
            book.check();
            assert_eq!(answer, told(&mut twin, &event, time_ms), "{event:?}");
            if step % 97 == 0 {
                twin = Book::restore(book.snapshot());
                twin.check();
                assert_eq!(twin.snapshot(), book.snapshot());
            }
        }
        assert_eq!(twin.state_hash(), book.state_hash());
    }
}

#[test]
fn nothing_is_left_of_a_book_that_was_full_and_is_empty() {
    let mut book = Book::new(rules());
    for round in 0..3 {
        for number in 1..=20_000 {
            let order_id = (round * 20_000 + number) * (1 << 33);
            let order = limit(order_id, Side::Buy, 1 + number * 17 % 9_973, 1);
            told(&mut book, &OrderEvent::NewOrder(order), 1);
        }
        book.check();
        for number in 1..=20_000 {
            let order_id = (round * 20_000 + number) * (1 << 33);
            let cancel = CancelOrder {
                order_id,
                account: order_id,
                request: 1,
            };
            told(&mut book, &OrderEvent::CancelOrder(cancel), 1);
        }
        book.check();
        assert_eq!(book.best(Side::Buy), None);
    }
    assert_eq!(book.snapshot().orders, []);
}
