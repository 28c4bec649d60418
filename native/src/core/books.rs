//! The books of one partition of `orders`: edges in, matching, reports and the public feed out
//! (`partita.matchers.partition`).

use hashbrown::HashMap;

use crate::avro::{Reader, Value};
use crate::book::Book;
use crate::core::book_machine::BookMachine;
use crate::core::book_snapshot;
use crate::core::group::{Group, groups};
use crate::core::record::{Record, Result, Unreadable, ended, opened, undecodable};
use crate::core::{Core, Judged, MachineMark, Machines, Writing};
use crate::digest::Digest;
use crate::limits::{AMOUNT_MAX, DECIMALS_MAX, FEE_PPM_MAX, RECORD_BYTES_MAX};
use crate::outbox::{Outbox, Outgoing};
use crate::schemas::enums::Line;
use crate::schemas::heads;
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;

/// All books whose symbols are assigned to one partition.
pub struct Books {
    partition: i64,
    shards: usize,
    line: Line,
    machines: Vec<BookMachine>, // in the order in which they came into being
    by_id: HashMap<i64, usize, foldhash::fast::FixedState>,
    touched: Vec<usize>, // those that may have a new ticker, in order
}

/// A record of this topic, decoded.
pub(crate) enum Message {
    Orders {
        line: Line,
        shard: i64,
        groups: Vec<Group<OrderEvent>>,
    },
    Rules(Instrument),
    Tick,
}

/// Make the worker core of a matcher.
#[must_use]
pub fn matcher_core(shards: usize, line: Line) -> Core<Books> {
    Core::new(move |partition| Books::new(partition, shards, line))
}

impl Books {
    /// Make an empty partition.
    #[must_use]
    pub fn new(partition: i64, shards: usize, line: Line) -> Self {
        Self {
            partition,
            shards,
            line,
            machines: Vec::new(),
            by_id: HashMap::default(),
            touched: Vec::new(),
        }
    }

    fn touch(&mut self, at: usize) {
        if !self.machines[at].touched {
            self.machines[at].touched = true;
            self.touched.push(at);
        }
    }

    /// Look at all of a batch before anything is taken; return whose word it is.
    fn checked(&self, shard: i64, groups: &[Group<OrderEvent>], offset: i64) -> Result<usize> {
        let Some(shard) = usize::try_from(shard)
            .ok()
            .filter(|shard| *shard < self.shards)
        else {
            return undecodable(format!("there is no shard {shard}"));
        };
        for group in groups {
            // Judged as on the first reading: a book that was restored may have been listed later.
            let known = self.by_id.get(&group.instrument_id);
            if known.is_none_or(|at| offset < self.machines[*at].first_offset) {
                let id = group.instrument_id;
                return undecodable(format!("no instrument {id} on this partition"));
            }
        }
        Ok(shard)
    }

    fn take_orders(
        &mut self,
        record: &Record<'_>,
        shard: i64,
        groups: &[Group<OrderEvent>],
        outbox: &mut Outbox,
        judged: &mut Vec<Judged>,
    ) -> Result<()> {
        let from = self.checked(shard, groups, record.offset)?;
        for group in groups {
            let at = self.by_id[&group.instrument_id];
            let machine = &mut self.machines[at];
            if record.offset < machine.position {
                continue;
            }
            let verdict = machine.take(from, group, record.time_ms, outbox);
            judged.push(Judged {
                verdict,
                sender: shard,
                receiver: group.instrument_id,
            });
            self.touch(at);
        }
        Ok(())
    }

    fn take_rules(
        &mut self,
        record: &Record<'_>,
        rules: Instrument,
        outbox: &mut Outbox,
    ) -> Result<()> {
        let known = self.by_id.get(&rules.instrument_id).copied();
        if known.is_some_and(|at| record.offset < self.machines[at].position) {
            return Ok(());
        }
        let in_force = known.map(|at| self.machines[at].book.instrument());
        if let Some(wrong) = wrong_rules(&rules, in_force, self.partition) {
            return undecodable(wrong);
        }
        if let Some(at) = known {
            if self.machines[at].book.change_rules(rules) {
                self.machines[at].announce(record.time_ms, outbox);
            }
            self.touch(at);
            return Ok(());
        }
        if self
            .machines
            .iter()
            .any(|other| other.name() == rules.symbol)
        {
            return undecodable(format!("{} is listed under another number", rules.symbol));
        }
        let at = self.insert(BookMachine::new(
            Book::new(rules),
            self.partition,
            self.shards,
            self.line,
            record.offset,
        ));
        self.machines[at].announce(record.time_ms, outbox);
        self.touch(at);
        Ok(())
    }

    /// Put a machine in, in place of one of the same number.
    fn insert(&mut self, machine: BookMachine) -> usize {
        let id = machine.book.instrument().instrument_id;
        if let Some(at) = self.by_id.get(&id) {
            let touched = self.machines[*at].touched;
            self.machines[*at] = machine;
            self.machines[*at].touched = touched;
            return *at;
        }
        self.machines.push(machine);
        self.by_id.insert(id, self.machines.len() - 1);
        self.machines.len() - 1
    }

    fn named(&mut self, machine: &str) -> Option<&mut BookMachine> {
        self.machines.iter_mut().find(|one| one.name() == machine)
    }
}

impl Machines for Books {
    const TOPIC: &'static str = "orders";

    fn take(
        &mut self,
        record: &Record<'_>,
        outbox: &mut Outbox,
        judged: &mut Vec<Judged>,
    ) -> Result<&'static str> {
        match decoded(record.value)? {
            Message::Orders {
                line,
                shard,
                groups,
            } => {
                self.take_orders(record, shard, &groups, outbox, judged)?;
                return Ok(line.symbol());
            }
            Message::Rules(rules) => self.take_rules(record, rules, outbox)?,
            Message::Tick => {
                for at in 0..self.machines.len() {
                    if record.offset >= self.machines[at].position {
                        self.machines[at].advance(record.time_ms, outbox);
                        self.touch(at);
                    }
                }
            }
        }
        Ok("")
    }

    fn skip(&mut self, record: &Record<'_>) -> Result<()> {
        if let Message::Orders { shard, groups, .. } = decoded(record.value)? {
            let shard = self.checked(shard, &groups, record.offset)?;
            for group in &groups {
                let machine = &mut self.machines[self.by_id[&group.instrument_id]];
                if record.offset >= machine.position {
                    machine.skip(shard, group);
                }
            }
        }
        Ok(())
    }

    fn names(&self, judged: &Judged) -> (String, String) {
        let receiver = &self.machines[self.by_id[&judged.receiver]];
        (
            format!("shard {}", judged.sender),
            receiver.name().to_owned(),
        )
    }

    fn marks(&self) -> Vec<MachineMark> {
        let mark = |machine: &BookMachine| MachineMark {
            name: machine.name().to_owned(),
            first_offset: machine.first_offset,
            position: machine.position,
            taken: machine.taken,
            rows: machine.rows(),
        };
        self.machines.iter().map(mark).collect()
    }

    fn restore(&mut self, data: &[u8], position: i64) -> Result<()> {
        let snapshot = book_snapshot::read(data)?;
        let (state, edges) = (snapshot.state, snapshot.edges);
        let known = edges.from_shards.len();
        if known != self.shards || edges.to_shards.len() != self.shards {
            let symbol = &state.instrument.symbol;
            return Err(Unreadable::WrongPartitions(format!(
                "the snapshot of {symbol} knows {known} shards, and this exchange has {}; the \
                 number of shards is fixed when it is made",
                self.shards
            )));
        }
        let mut machine = BookMachine::new(
            Book::restore(state),
            self.partition,
            self.shards,
            self.line,
            snapshot.first_offset,
        );
        machine.restore_edges(&edges, position);
        let at = self.insert(machine);
        self.touch(at);
        Ok(())
    }

    fn snapshot(&mut self, machine: &str) -> Option<Vec<u8>> {
        self.named(machine).map(BookMachine::snapshot)
    }

    fn copy(&mut self, machine: &str) -> Option<Writing> {
        let mut copy = self.named(machine)?.clone();
        Some(Box::new(move || copy.snapshot()))
    }

    fn edges_digest(&mut self, machine: &str) -> Option<[u8; 32]> {
        let mut digest = Digest::default();
        self.named(machine)?.edges().digest(&mut digest);
        Some(digest.finish())
    }

    fn state_hash(&mut self, machine: &str) -> Option<[u8; 32]> {
        self.named(machine).map(BookMachine::state_hash)
    }

    fn latest(&mut self, records: &mut Vec<Outgoing>) {
        for at in std::mem::take(&mut self.touched) {
            self.machines[at].touched = false;
            records.extend(self.machines[at].ticker());
        }
    }

    fn next_expiry_ms(&self) -> Option<i64> {
        let times = self
            .machines
            .iter()
            .filter_map(|one| one.book.next_expiry_ms());
        times.min()
    }

    fn check(&self) {
        for machine in &self.machines {
            machine.book.check();
        }
    }
}

/// Decode a record of this topic.
///
/// # Errors
/// It cannot be read, or does not belong here.
pub(crate) fn decoded(value: &[u8]) -> Result<Message> {
    let (name, head, mut input) = opened(value, RECORD_BYTES_MAX)?;
    let message = match head {
        heads::ORDER_BATCH => order_batch(&mut input)?,
        heads::INSTRUMENT => Message::Rules(Instrument::read(&mut input)?),
        heads::TICK => {
            input.bytes()?; // the seal
            Message::Tick
        }
        _ => return undecodable(format!("a {name} does not belong on {}", Books::TOPIC)),
    };
    ended(&input)?;
    Ok(message)
}

fn order_batch(input: &mut Reader<'_>) -> Result<Message> {
    input.bytes()?; // the seal
    Ok(Message::Orders {
        line: Line::read(input)?,
        shard: input.long()?,
        groups: groups(input)?,
    })
}

/// What is wrong with the rules of a symbol (`partita.matchers.rules`).
fn wrong_rules(new: &Instrument, known: Option<&Instrument>, partition: i64) -> Option<String> {
    if new.instrument_id < 1 || new.version < 1 {
        return Some("numbers of instruments and versions begin at 1".to_owned());
    }
    if new.partition != partition {
        return Some(format!("{} is for partition {}", new.symbol, new.partition));
    }
    let decimals = 0..=DECIMALS_MAX;
    if !decimals.contains(&new.base_decimals) || !decimals.contains(&new.quote_decimals) {
        return Some(format!("an asset has 0 to {DECIMALS_MAX} decimals"));
    }
    let amounts = [
        new.tick,
        new.lot,
        new.notional_unit,
        new.min_size,
        new.max_size,
        new.max_price,
    ];
    if !amounts
        .iter()
        .all(|amount| (1..=AMOUNT_MAX).contains(amount))
    {
        return Some(format!(
            "tick, lot, unit, sizes and prices are from 1 to {AMOUNT_MAX}"
        ));
    }
    let scale = 10_i128.pow(u32::try_from(new.base_decimals).expect("a few decimals"));
    // Within bounds the one is below 2^96, the other below 2^124.
    if i128::from(new.notional_unit) * scale != i128::from(new.tick) * i128::from(new.lot) {
        return Some("tick x lot is not a whole number of quote units".to_owned());
    }
    let fees = 0..=FEE_PPM_MAX;
    if !fees.contains(&new.maker_fee_ppm) || !fees.contains(&new.taker_fee_ppm) {
        return Some(format!("a fee is from 0 to {FEE_PPM_MAX} millionths"));
    }
    if known.is_some_and(|known| measures(new) != measures(known)) {
        return Some(format!(
            "{}: name, assets, scales, tick and lot never change",
            new.symbol
        ));
    }
    None
}

fn measures(rules: &Instrument) -> ([&str; 3], [i64; 7]) {
    (
        [&rules.symbol, &rules.base_asset, &rules.quote_asset],
        [
            rules.base_asset_id,
            rules.base_decimals,
            rules.quote_asset_id,
            rules.quote_decimals,
            rules.tick,
            rules.lot,
            rules.notional_unit,
        ],
    )
}
