//! A long random flow: a shard, and reports such as a book could give, in any order.

use crate::schemas::accounts::AccountEvent;
use crate::schemas::commands::{Amend, Cancel, Command, Inquire, Place, Transfer};
use crate::schemas::enums::{
    Liquidity, OrderType, Outcome, Question, Reason, SelfTrade, Side, TimeInForce,
};
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::{Changed, Done, Filled, Opened, OrdersCancelled, Refused, Report};
use crate::shard::tests::desk::{AMEND, BTC, CANCEL, NOW, PLACE, USD, rules};
use crate::shard::{Shard, ShardOutput};

/// A linear congruential generator: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// A book that knows its orders but does not match: what is filled is up to chance.
#[derive(Default)]
struct Book {
    orders: Vec<Resting>,
    waiting: Vec<OrderEvent>,
    answers: usize,
}

struct Resting {
    order_id: i64,
    account: i64,
    market: bool,
    price: i64,
    remaining: i64,
    filled: i64,
}

impl ShardOutput for Book {
    fn order(&mut self, _: &Instrument, event: &OrderEvent) {
        self.waiting.push(*event);
    }

    fn event(&mut self, _: &AccountEvent<'_>) {
        self.answers += 1;
    }
}

impl Book {
    fn take(&mut self, event: &OrderEvent) -> Vec<Report> {
        match *event {
            OrderEvent::NewOrder(new) => {
                let market = new.r#type == OrderType::Market;
                let opened = Opened {
                    order_id: new.order_id,
                    remaining: new.size,
                };
                self.orders.push(Resting {
                    order_id: new.order_id,
                    account: new.account,
                    market,
                    price: new.price,
                    remaining: new.size,
                    filled: 0,
                });
                if market {
                    Vec::new()
                } else {
                    vec![Report::Opened(opened)]
                }
            }
            OrderEvent::CancelOrder(asked) => match self.find(asked.order_id) {
                Some(at) => vec![self.end(at, asked.request)],
                None => vec![refused(
                    asked.order_id,
                    Reason::UnknownOrder,
                    0,
                    asked.request,
                )],
            },
            OrderEvent::AmendOrder(asked) => vec![match self.find(asked.order_id) {
                None => refused(
                    asked.order_id,
                    Reason::UnknownOrder,
                    asked.top_up,
                    asked.request,
                ),
                // Without looking at the hold: only what needs no more than before is safe.
                Some(at)
                    if asked.size > self.orders[at].filled
                        && asked.price <= self.orders[at].price
                        && asked.size - self.orders[at].filled <= self.orders[at].remaining =>
                {
                    let order = &mut self.orders[at];
                    (order.price, order.remaining) = (asked.price, asked.size - order.filled);
                    Report::Changed(Changed {
                        order_id: order.order_id,
                        price: order.price,
                        remaining: order.remaining,
                        top_up: asked.top_up,
                        request: asked.request,
                    })
                }
                Some(_) => refused(
                    asked.order_id,
                    Reason::TopUpTooSmall,
                    asked.top_up,
                    asked.request,
                ),
            }],
            OrderEvent::CancelOrders(asked) => {
                let mut reports = Vec::new();
                while let Some(at) = self
                    .orders
                    .iter()
                    .position(|it| it.account == asked.account)
                {
                    reports.push(self.end(at, 0));
                }
                let count = i64::try_from(reports.len()).expect("few");
                reports.push(Report::OrdersCancelled(OrdersCancelled {
                    account: asked.account,
                    count,
                    request: asked.request,
                }));
                reports
            }
        }
    }

    fn find(&self, order_id: i64) -> Option<usize> {
        self.orders.iter().position(|it| it.order_id == order_id)
    }

    fn end(&mut self, at: usize, request: i64) -> Report {
        let order = self.orders.remove(at);
        Report::Done(Done {
            order_id: order.order_id,
            outcome: Outcome::Cancelled,
            reason: Reason::Requested,
            remaining: order.remaining,
            request,
        })
    }

    /// Fill a part of some order at its own price.
    fn fill(&mut self, random: &mut Random) -> Vec<Report> {
        if self.orders.is_empty() {
            return Vec::new();
        }
        let at = usize::try_from(random.below(1 << 20)).expect("positive") % self.orders.len();
        let order = &mut self.orders[at];
        if order.market {
            return vec![self.end(at, 0)];
        }
        let size = 1 + random.below(order.remaining);
        order.remaining -= size;
        order.filled += size;
        let mut reports = vec![Report::Filled(Filled {
            order_id: order.order_id,
            trade_id: 1,
            price: order.price,
            size,
            fee: order.price * size * 3 / 1_000,
            liquidity: Liquidity::Maker,
        })];
        if order.remaining == 0 {
            reports.push(self.end(at, 0));
        }
        reports
    }
}

fn refused(order_id: i64, reason: Reason, top_up: i64, request: i64) -> Report {
    Report::Refused(Refused {
        order_id,
        reason,
        top_up,
        request,
    })
}

struct Flow {
    random: Random,
    shard: Shard,
    book: Book,
    time_ms: i64,
}

impl Flow {
    fn command(&mut self, number: i64) {
        let random = &mut self.random;
        let account = 2 * (1 + random.below(4));
        // Used anew after 300, when a pause has been longer than the memory.
        let command_id = &format!("n{}", (number - random.below(2)) % 300)[..];
        let valid_until_ms = self.time_ms + 10_000;
        let order_id = 2 * (1 + random.below(number / 2 + 1));
        let command = match random.below(10) {
            0..5 => {
                let market = random.below(5) == 0;
                Command::Place(Place {
                    account,
                    command_id,
                    valid_until_ms,
                    side: Side::ALL[usize::from(random.below(2) == 0)],
                    r#type: if market {
                        OrderType::Market
                    } else {
                        OrderType::Limit
                    },
                    time_in_force: if market {
                        TimeInForce::Ioc
                    } else {
                        TimeInForce::Gtc
                    },
                    price: if market { 0 } else { 90 + random.below(20) },
                    size: 2 + random.below(20),
                    self_trade: SelfTrade::Cb,
                    ..PLACE
                })
            }
            5 => Command::Cancel(Cancel {
                account,
                command_id,
                valid_until_ms,
                order_id,
                ..CANCEL
            }),
            6..8 => Command::Amend(Amend {
                account,
                command_id,
                valid_until_ms,
                order_id,
                price: 90 + random.below(20),
                size: 1 + random.below(20),
                ..AMEND
            }),
            8 => Command::Transfer(Transfer {
                account,
                command_id,
                valid_until_ms,
                asset_id: 1 + random.below(2),
                amount: random.below(4_000) - 1_000,
            }),
            _ => Command::Inquire(Inquire {
                account,
                command_id: "i",
                valid_until_ms,
                question: Question::ALL[usize::try_from(random.below(5)).expect("positive")],
                order_id: 0,
                client_order_id: "",
            }),
        };
        self.shard.command(&command, self.time_ms, &mut self.book);
    }

    fn reports(&mut self) {
        let mut reports = if self.random.below(2) == 0 && !self.book.waiting.is_empty() {
            let event = self.book.waiting.remove(0);
            self.book.take(&event)
        } else {
            self.book.fill(&mut self.random)
        };
        for report in reports.drain(..) {
            self.shard.report(1, &report, self.time_ms, &mut self.book);
        }
    }
}

#[test]
fn a_random_flow_adds_up_and_a_copy_of_it_answers_alike() {
    for seed in 0..4 {
        let mut flow = Flow {
            random: Random(seed),
            shard: Shard::new(0, 2),
            book: Book::default(),
            time_ms: NOW,
        };
        let listed = Report::Instrument(Box::new(rules(1)));
        flow.shard.report(1, &listed, NOW, &mut flow.book);
        for (number, asset_id) in (0..).zip([BTC, USD].repeat(4)) {
            let command = Command::Transfer(Transfer {
                account: 2 * (number / 2 + 1),
                command_id: &format!("t{number}"),
                valid_until_ms: NOW,
                asset_id,
                amount: 100_000,
            });
            flow.shard.command(&command, NOW, &mut flow.book);
        }
        for number in 1..4_000 {
            flow.command(number);
            flow.reports();
            if number % 50 == 0 {
                flow.time_ms +=
                    [1, 1_000, 1_024, 70_000][usize::try_from(number / 50 % 4).expect("small")];
                flow.shard.check();
            }
            if number % 500 == 0 {
                let state = flow.shard.snapshot();
                let restored = Shard::restore(state.clone());
                assert_eq!(state, restored.snapshot());
                assert_eq!(flow.shard.state_hash(), restored.state_hash());
                restored.check();
                flow.shard = restored;
            }
        }
        flow.shard.check();
        assert!(flow.book.answers > 5_000, "the flow is answered");
    }
}
