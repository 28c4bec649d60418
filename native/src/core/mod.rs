//! The worker core: record bytes in, record bytes out, all machines of a worker inside
//! (`partita.log.core`).

pub mod again;
pub mod book_machine;
pub mod book_snapshot;
pub mod books;
pub mod columns;
mod dead_letter;
pub mod group;
pub mod ledger;
pub mod record;
pub mod shard_snapshot;

use std::any::Any;
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::dead_letter::dead_letter;
use crate::core::record::{Record, Result, Unreadable};
use crate::edges::Verdict;
use crate::outbox::{Outbox, Outgoing};

/// What a machine made of one group.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// What it made of it.
    pub verdict: Verdict,
    /// Whose word it was, among those who speak on this topic: a shard or an instrument.
    pub sender: i64,
    /// Who judged: an instrument or a shard.
    pub receiver: i64,
}

/// How far a machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineMark {
    /// What it is called: a symbol, or shard and its number.
    pub name: String,
    /// Where it came into being: it takes nothing below.
    pub first_offset: i64,
    /// Of the snapshot it was made from, 0 without one.
    pub position: i64,
    /// A count that moves whenever it was given something.
    pub taken: i64,
    /// Of its state, about: how long writing it down takes.
    pub rows: usize,
}

/// Writes a machine's state down as it was, at any time and in any thread.
pub type Writing = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// The machines of one partition.
pub trait Machines {
    /// The topic that they read.
    const TOPIC: &'static str;

    /// Apply a record, put what follows from it into the outbox, and tell what was made of each of
    /// its groups. Return the line that wrote it, for those who refuse it.
    ///
    /// # Errors
    /// It cannot be read, or does not belong on this topic; nothing was changed.
    fn take(
        &mut self,
        record: &Record<'_>,
        outbox: &mut Outbox,
        judged: &mut Vec<Judged>,
    ) -> Result<&'static str>;

    /// Take the numbers of a record's events, and nothing else of it.
    ///
    /// # Errors
    /// As `take`.
    fn skip(&mut self, record: &Record<'_>) -> Result<()>;

    /// The names of the two ends of an edge.
    fn names(&self, judged: &Judged) -> (String, String);

    /// How far each machine is.
    fn marks(&self) -> Vec<MachineMark>;

    /// Make a machine from its snapshot, at this position of the partition.
    ///
    /// # Errors
    /// It is no snapshot of a machine of this partition.
    fn restore(&mut self, data: &[u8], position: i64) -> Result<()>;

    /// The whole state of a machine as bytes.
    fn snapshot(&mut self, machine: &str) -> Option<Vec<u8>>;

    /// What writes the state of a machine down as it is now.
    fn copy(&mut self, machine: &str) -> Option<Writing>;

    /// The digest of the ends of all edges of a machine.
    fn edges_digest(&mut self, machine: &str) -> Option<[u8; 32]>;

    /// The digest of a machine's state, edges included.
    fn state_hash(&mut self, machine: &str) -> Option<[u8; 32]>;

    /// What is said once for many records, and forget it.
    fn latest(&mut self, records: &mut Vec<Outgoing>);

    /// The log time at which a tick would make something happen.
    fn next_expiry_ms(&self) -> Option<i64>;

    /// Assert every invariant of every machine.
    fn check(&self);
}

/// Something an operator should know; the worker goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Where.
    pub partition: i64,
    /// Of the record that raised it.
    pub offset: i64,
    /// What.
    pub text: String,
}

/// A line that a machine of a partition has refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub partition: i64,
    /// Of the record.
    pub offset: i64,
    /// Its log time.
    pub time_ms: i64,
    /// Who spoke.
    pub sender: String,
    /// Which copy of it.
    pub line: &'static str,
    /// Who refused.
    pub receiver: String,
}

/// What came of some records.
#[derive(Debug, Default)]
pub struct Outputs {
    /// What goes to the log.
    pub records: Vec<Outgoing>,
    /// What an operator should know.
    pub alarms: Vec<Alarm>,
    /// The partitions that these records parked, and why.
    pub parked: Vec<Alarm>,
    /// The lines that were refused.
    pub refused: Vec<Refused>,
}

/// What a core has seen of a partition since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records applied.
    pub records: i64,
    /// Groups of events taken.
    pub groups_taken: i64,
    /// Groups that were known already.
    pub duplicates_dropped: i64,
    /// Groups that came too early.
    pub gaps_waited: i64,
    /// Groups whose chain disagreed.
    pub lines_refused: i64,
    /// Records that could not be read.
    pub dead_letters: i64,
}

struct Partition<M> {
    machines: M,
    parked: bool,
    waiting: HashSet<(i64, i64)>, // edges with a gap; only counted, never walked over
}

/// All machines of the partitions that a worker owns.
pub struct Core<M> {
    make: Box<dyn Fn(i64) -> M + Send>,
    partitions: BTreeMap<i64, Partition<M>>,
    order: Vec<i64>, // of the partitions as they were opened
    counters: BTreeMap<i64, Counters>,
    outbox: Outbox,
    judged: Vec<Judged>,
}

impl<M: Machines> Core<M> {
    /// Make a core that makes the machines of each partition so.
    pub fn new(make: impl Fn(i64) -> M + Send + 'static) -> Self {
        Self {
            make: Box::new(make),
            partitions: BTreeMap::new(),
            order: Vec::new(),
            counters: BTreeMap::new(),
            outbox: Outbox::new(),
            judged: Vec::new(),
        }
    }

    /// What was seen of a partition since this core was made.
    #[must_use]
    pub fn counters(&self, partition: i64) -> Counters {
        self.counters.get(&partition).copied().unwrap_or_default()
    }

    /// Make the machines of a partition from their snapshots: (position, bytes).
    ///
    /// # Errors
    /// A snapshot that this build cannot take, or of another number of shards.
    pub fn open(&mut self, partition: i64, snapshots: &[(i64, &[u8])]) -> Result<()> {
        let mut machines = (self.make)(partition);
        // Tables that contradict each other may break an assertion, and no machine wrote them. They
        // are not looked through: that would take longer than restoring them, and a snapshot has
        // its hash in the manifest.
        let restored = catch_unwind(AssertUnwindSafe(|| {
            for (position, data) in snapshots {
                machines.restore(data, *position)?;
            }
            Ok(())
        }));
        restored.unwrap_or_else(|panic| Err(Unreadable::Undecodable(words(panic.as_ref()))))?;
        let fresh = Partition {
            machines,
            parked: false,
            waiting: HashSet::new(),
        };
        if self.partitions.insert(partition, fresh).is_none() {
            self.order.push(partition);
        }
        Ok(())
    }

    /// Forget the machines of a partition that is owned no more.
    pub fn close(&mut self, partition: i64) {
        self.partitions.remove(&partition);
        self.order.retain(|known| *known != partition);
    }

    /// Apply records in their order; never fails for what a record holds.
    pub fn apply<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) -> Outputs {
        let (mut outputs, mut dead) = (Outputs::default(), Vec::new());
        for record in records {
            let at = self
                .partitions
                .get_mut(&record.partition)
                .expect("an open partition");
            if at.parked {
                continue;
            }
            let counters = self.counters.entry(record.partition).or_default();
            counters.records += 1;
            self.judged.clear();
            self.outbox.begin();
            let (outbox, judged) = (&mut self.outbox, &mut self.judged);
            // The one place where a failing machine ends: its partition is parked, and its state
            // never used again.
            let applied = catch_unwind(AssertUnwindSafe(|| {
                at.machines.take(&record, outbox, judged)
            }));
            match applied {
                Ok(Ok(line)) => count(at, counters, &self.judged, &record, line, &mut outputs),
                Ok(Err(Unreadable::Undecodable(error))) => {
                    counters.dead_letters += 1;
                    dead.push(dead_letter(M::TOPIC, &record, &error));
                    outputs
                        .alarms
                        .push(alarm(&record, format!("dead letter: {error}")));
                }
                Ok(Err(
                    Unreadable::UnknownFingerprint(error) | Unreadable::WrongPartitions(error),
                )) => {
                    at.parked = true;
                    outputs.parked.push(alarm(&record, error));
                }
                Err(panic) => {
                    at.parked = true;
                    self.outbox.roll_back();
                    outputs
                        .parked
                        .push(alarm(&record, format!("panic: {}", words(panic.as_ref()))));
                }
            }
        }
        self.outbox.take(&mut outputs.records);
        outputs.records.append(&mut dead);
        outputs
    }

    /// Go past a record without applying it.
    pub fn skip(&mut self, record: &Record<'_>) {
        let at = self.machines(record.partition);
        // One that cannot be read is passed as if it were not there: nobody can tell whose events
        // it held.
        let _unreadable = at.skip(record);
    }

    /// What is said once for many records.
    pub fn latest(&mut self) -> Vec<Outgoing> {
        let mut records = Vec::new();
        for partition in &self.order {
            if let Some(at) = self.partitions.get_mut(partition)
                && !at.parked
            {
                at.machines.latest(&mut records);
            }
        }
        records
    }

    /// The log time at which a tick would make something happen.
    #[must_use]
    pub fn next_expiry_ms(&self, partition: i64) -> Option<i64> {
        let at = &self.partitions[&partition];
        if at.parked {
            return None;
        }
        at.machines.next_expiry_ms()
    }

    /// On how many edges something came too early, and nothing since.
    #[must_use]
    pub fn edges_waiting(&self, partition: i64) -> usize {
        self.partitions[&partition].waiting.len()
    }

    /// The machines of a partition.
    pub fn machines(&mut self, partition: i64) -> &mut M {
        let at = self.partitions.get_mut(&partition);
        &mut at.expect("an open partition").machines
    }

    /// Assert every invariant of every machine.
    pub fn check(&self) {
        for at in self.partitions.values().filter(|at| !at.parked) {
            at.machines.check();
        }
    }
}

fn count<M: Machines>(
    at: &mut Partition<M>,
    counters: &mut Counters,
    judged: &[Judged],
    record: &Record<'_>,
    line: &'static str,
    outputs: &mut Outputs,
) {
    for one in judged {
        let edge = (one.sender, one.receiver);
        match one.verdict {
            Verdict::Taken => {
                counters.groups_taken += 1;
                if !at.waiting.is_empty() {
                    at.waiting.remove(&edge);
                }
            }
            Verdict::Duplicate => counters.duplicates_dropped += 1,
            Verdict::Gap => {
                counters.gaps_waited += 1;
                at.waiting.insert(edge);
                let (sender, receiver) = at.machines.names(one);
                let text = format!("gap on {sender} -> {receiver}: it waits");
                outputs.alarms.push(alarm(record, text));
            }
            Verdict::Refused => {
                counters.lines_refused += 1;
                let (sender, receiver) = at.machines.names(one);
                let text = format!("{sender} -> {receiver} has diverged: line {line} is refused");
                outputs.alarms.push(alarm(record, text));
                outputs.refused.push(Refused {
                    partition: record.partition,
                    offset: record.offset,
                    time_ms: record.time_ms,
                    sender,
                    line,
                    receiver,
                });
            }
        }
    }
}

fn alarm(record: &Record<'_>, text: String) -> Alarm {
    Alarm {
        partition: record.partition,
        offset: record.offset,
        text,
    }
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a word".to_owned())
}
