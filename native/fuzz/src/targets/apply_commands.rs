//! A small exchange: two shards and their books, commands of hostile values, records that come in
//! any order the log allows, and rubbish in between. No money comes or goes but by transfers.

use std::collections::{BTreeMap, VecDeque};

use partita_native::avro::{Value as _, put_length};
use partita_native::core::books::{Books, matcher_core};
use partita_native::core::ledger::{Ledger, ledger_core};
use partita_native::core::{book_snapshot, shard_snapshot};
use partita_native::limits::AMOUNT_MAX;
use partita_native::outbox::{Outgoing, Topic};
use partita_native::schemas::commands::{
    Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer,
};
use partita_native::schemas::enums::{
    InstrumentStatus, Line, OrderState, OrderType, Question, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::heads;
use partita_native::schemas::instrument::Instrument;

use super::choices::Choices;
use super::cores::{NOW_MS, SHARDS, Twins, rules};

/// Steps of one input: longer ones show no more, and take longer.
const STEPS_MAX: usize = 300;
/// What clients call their commands: ids that repeat, and some that are none.
const IDS: [&str; 10] = [
    "",
    "a",
    "b",
    "c",
    "d",
    "e",
    "123456789012345678901234567890123456",
    "1234567890123456789012345678901234567",
    "\u{7f}",
    "\u{e9}\u{20ac}\u{1f600}",
];

struct Exchange {
    ledgers: Twins<Ledger>,
    books: Twins<Books>,
    /// What waits on the log: for each shard, and for the books.
    logs: [VecDeque<Vec<u8>>; 3],
    /// What machines have said, by where it went.
    said: Vec<(usize, Vec<u8>)>,
    listed: [Instrument; 2],
    names: usize,
    time_ms: i64,
}

/// Apply the records that the bytes decide on.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut exchange = Exchange::new();
    for _ in 0..STEPS_MAX {
        if choices.are_over() {
            break;
        }
        exchange.step(&mut choices);
    }
    exchange.settle();
    exchange.check();
}

impl Exchange {
    fn new() -> Self {
        let mut new = Self {
            ledgers: Twins::new(|| ledger_core(SHARDS, Line::A), SHARDS),
            books: Twins::new(|| matcher_core(2, Line::A), 1),
            logs: Default::default(),
            said: Vec::new(),
            listed: [rules(1), rules(2)],
            names: 0,
            time_ms: NOW_MS,
        };
        for at in 0..2 {
            new.announce(at);
        }
        new.settle();
        for account in 1..=4 {
            for asset_id in 1..=3 {
                new.names += 1;
                let command_id = format!("fund-{}", new.names);
                new.command(&[Command::Transfer(Transfer {
                    account,
                    command_id: &command_id,
                    valid_until_ms: NOW_MS + 60_000,
                    asset_id,
                    amount: if account == 4 { AMOUNT_MAX } else { 100_000 },
                })]);
            }
        }
        new.settle();
        new
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(32) {
            0..=15 => self.commands(choices),
            16..=24 => {
                let log = usize::from(choices.byte() % 3);
                self.deliver(log);
            }
            25 => self.settle(),
            26 => {
                self.time_ms += choices.number().clamp(-1_000, 1 << 40);
                self.time_ms = self.time_ms.clamp(0, 1 << 50);
            }
            27 => self.change_rules(choices),
            28 => {
                // A machine that has started again says again what it said.
                let back = 1 + usize::from(choices.byte());
                if let Some(at) = self.said.len().checked_sub(back) {
                    let (log, record) = self.said[at].clone();
                    self.logs[log].push_back(record);
                }
            }
            29 => {
                self.ledgers.restore();
                self.books.restore();
            }
            30 => self.logs[2].push_back([&heads::TICK[..], &[0]].concat()),
            _ => self.disturb(choices),
        }
    }

    fn commands(&mut self, choices: &mut Choices<'_>) {
        let count = 1 + choices.below(4);
        let ids: Vec<String> = (0..count).map(|_| self.name(choices)).collect();
        let commands: Vec<Command<'_>> = ids.iter().map(|id| self.any(choices, id)).collect();
        if choices.below(8) == 7 {
            // As a client never does: commands of all accounts to one shard.
            let log = usize::from(choices.byte() % 2);
            self.logs[log].push_back(batch(&commands));
            return;
        }
        self.command(&commands);
    }

    /// Put commands where they belong.
    fn command(&mut self, commands: &[Command<'_>]) {
        for shard in 0..SHARDS {
            let mine: Vec<Command<'_>> = commands
                .iter()
                .filter(|command| account_of(command).rem_euclid(SHARDS) == shard)
                .copied()
                .collect();
            if !mine.is_empty() {
                self.logs[usize::try_from(shard).expect("a few")].push_back(batch(&mine));
            }
        }
    }

    fn name(&mut self, choices: &mut Choices<'_>) -> String {
        match choices.below(4) {
            3 => choices.of(&IDS).to_owned(),
            2 => format!(
                "n{}",
                choices.below(i64::try_from(self.names).unwrap_or(1).clamp(1, 256))
            ),
            _ => {
                self.names += 1;
                format!("n{}", self.names)
            }
        }
    }

    fn any<'i>(&self, choices: &mut Choices<'_>, command_id: &'i str) -> Command<'i> {
        let account = match choices.below(8) {
            7 => choices.number(),
            few => 1 + few % 4,
        };
        let valid_until_ms = match choices.below(8) {
            7 => choices.number(),
            6 => self.time_ms + choices.number().clamp(-1 << 40, 1 << 40),
            _ => self.time_ms + 30_000,
        };
        match choices.below(16) {
            0..=7 => Command::Place(self.place(choices, account, command_id, valid_until_ms)),
            8..=9 => Command::Cancel(Cancel {
                account,
                command_id,
                valid_until_ms,
                order_id: order_id(choices),
                client_order_id: choices.of(&["", "", "a", "n1", "n2", "n3", "\n"]),
            }),
            10..=12 => Command::Amend(Amend {
                account,
                command_id,
                valid_until_ms,
                order_id: order_id(choices),
                client_order_id: choices.of(&["", "", "", "", "n14", "n15", "\n"]),
                price: small_or_any(choices),
                size: small_or_any(choices),
            }),
            13 => Command::CancelAll(CancelAll {
                account,
                command_id,
                valid_until_ms,
                instrument_id: choices.below(4),
            }),
            14 => Command::Transfer(Transfer {
                account,
                command_id,
                valid_until_ms,
                asset_id: choices.below(5),
                amount: choices.number(),
            }),
            _ => Command::Inquire(Inquire {
                account,
                command_id,
                valid_until_ms,
                question: choices.of(Question::ALL),
                order_id: order_id(choices),
                client_order_id: choices.of(&["", "a", "n14"]),
            }),
        }
    }

    fn place<'i>(
        &self,
        choices: &mut Choices<'_>,
        account: i64,
        command_id: &'i str,
        valid_until_ms: i64,
    ) -> Place<'i> {
        let is_plain = choices.below(4) != 3;
        let mut place = Place {
            account,
            command_id,
            valid_until_ms,
            instrument_id: 1 + choices.below(2),
            side: choices.of(Side::ALL),
            r#type: OrderType::Limit,
            time_in_force: TimeInForce::Gtc,
            price: 1 + choices.below(8),
            size: 2 + choices.below(8),
            funds: 0,
            post_only: false,
            self_trade: choices.of(SelfTrade::ALL),
            expire_ms: 0,
        };
        if is_plain {
            return place;
        }
        place.r#type = choices.of(OrderType::ALL);
        place.time_in_force = choices.of(TimeInForce::ALL);
        if place.r#type == OrderType::Market {
            place.price = 0;
            place.size = choices.of(&[0, 1, 5, place.size]);
            place.funds = choices.number();
        } else {
            place.price = small_or_any(choices);
            place.size = small_or_any(choices);
        }
        if place.time_in_force == TimeInForce::Gtt {
            place.expire_ms = self.time_ms.saturating_add(choices.number());
        }
        if choices.below(4) == 3 {
            // What does not go together.
            place.post_only = true;
            place.funds = choices.number();
            place.expire_ms = choices.number();
            place.instrument_id = choices.number();
        }
        place
    }

    fn change_rules(&mut self, choices: &mut Choices<'_>) {
        let at = usize::from(choices.byte() % 2);
        let rules = &mut self.listed[at];
        rules.version += 1;
        rules.status = choices.of(InstrumentStatus::ALL);
        rules.maker_fee_ppm = choices.number().clamp(0, 1_000_000);
        rules.taker_fee_ppm = choices.number().clamp(0, 1_000_000);
        rules.max_price = choices.number().clamp(1, AMOUNT_MAX);
        rules.max_size = choices.number().clamp(1, AMOUNT_MAX);
        self.announce(at);
    }

    fn announce(&mut self, at: usize) {
        let mut record = heads::INSTRUMENT.to_vec();
        self.listed[at].write(&mut record);
        self.logs[2].push_back(record);
    }

    /// Give a machine the next record of its log.
    fn deliver(&mut self, log: usize) {
        let Some(record) = self.logs[log].pop_front() else {
            return;
        };
        let records = match log {
            2 => self.books.apply(0, self.time_ms, &record),
            shard => self.ledgers.apply(partition(shard), self.time_ms, &record),
        };
        self.follow(records);
    }

    fn follow(&mut self, records: Vec<Outgoing>) {
        for Outgoing {
            topic,
            partition,
            value,
            ..
        } in records
        {
            let log = match topic {
                Topic::Orders => 2,
                Topic::AccountCommands => usize::try_from(partition).expect("a shard"),
                _ => continue,
            };
            self.said.push((log, value.clone()));
            self.logs[log].push_back(value);
        }
    }

    /// Deliver all there is.
    fn settle(&mut self) {
        while self.logs.iter().any(|log| !log.is_empty()) {
            for log in 0..self.logs.len() {
                self.deliver(log);
            }
        }
    }

    /// Give a machine what nobody has said.
    fn disturb(&mut self, choices: &mut Choices<'_>) {
        let log = usize::from(choices.byte() % 3);
        let back = 1 + usize::from(choices.byte());
        let record = match self.said.len().checked_sub(back) {
            Some(at) if choices.below(2) == 1 => choices.mutated(&self.said[at].1),
            _ => {
                let (_, head) = heads::ALL[usize::from(choices.byte()) % heads::ALL.len()];
                [&head[..], choices.bytes()].concat()
            }
        };
        let _nothing_follows = match log {
            2 => self.books.disturb(0, self.time_ms, &record),
            shard => self
                .ledgers
                .disturb(partition(shard), self.time_ms, &record),
        };
    }

    /// Nothing is lost between the shards, nor between them and the books.
    fn check(&mut self) {
        self.ledgers.restore();
        self.books.restore();
        if !self.ledgers.is_valid || !self.books.is_valid {
            return;
        }
        let mut clearing = BTreeMap::new();
        let mut open = BTreeMap::new();
        for shard in 0..SHARDS {
            for snapshot in self.ledgers.snapshots(shard) {
                let (state, _) = shard_snapshot::read(&snapshot).expect("a shard's own snapshot");
                assert!(state.requests.is_empty(), "every request is answered");
                for row in state.clearing {
                    *clearing
                        .entry((row.instrument_id, row.asset_id))
                        .or_insert(0) += row.amount;
                }
                for order in state.orders {
                    assert_ne!(order.state, OrderState::Received, "{order:?}");
                    if order.state == OrderState::Open {
                        open.insert(
                            order.order_id,
                            (order.account, order.price, order.remaining),
                        );
                    }
                }
            }
        }
        assert!(
            clearing.values().all(|amount| *amount == 0),
            "what one shard has paid another has got: {clearing:?}"
        );
        for snapshot in self.books.snapshots(0) {
            let book = book_snapshot::read(&snapshot).expect("a book's own snapshot");
            for order in book.state.orders {
                let known = open.remove(&order.order_id);
                assert_eq!(known, Some((order.account, order.price, order.remaining)));
            }
        }
        assert!(open.is_empty(), "an open order is in its book: {open:?}");
    }
}

fn partition(shard: usize) -> i64 {
    i64::try_from(shard).expect("a few")
}

fn batch(commands: &[Command<'_>]) -> Vec<u8> {
    let mut record = heads::COMMAND_BATCH.to_vec();
    put_length(0, &mut record); // no seal
    put_length(commands.len(), &mut record);
    for command in commands {
        command.write(&mut record);
    }
    put_length(0, &mut record);
    record
}

fn account_of(command: &Command<'_>) -> i64 {
    match command {
        Command::Place(it) => it.account,
        Command::Cancel(it) => it.account,
        Command::Amend(it) => it.account,
        Command::CancelAll(it) => it.account,
        Command::Transfer(it) => it.account,
        Command::Inquire(it) => it.account,
    }
}

/// Ids are small numbers here: most are of an order.
fn order_id(choices: &mut Choices<'_>) -> i64 {
    match choices.below(8) {
        6 => choices.number(),
        7 => 0,
        _ => choices.below(24),
    }
}

fn small_or_any(choices: &mut Choices<'_>) -> i64 {
    match choices.below(4) {
        3 => choices.number(),
        _ => 1 + choices.below(12),
    }
}
