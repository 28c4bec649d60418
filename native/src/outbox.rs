//! The outbox of a worker: events of all its machines become one batch per destination
//! (`partita.log.outbox`).
//!
//! An event is encoded as it is put, into the run of its edge; what it costs later is a copy.

use hashbrown::HashMap;

use crate::avro::{Buffer, Value, put_bytes, put_length, put_long};
use crate::chain::Event;
use crate::edges::{Handle, OutEdge};
use crate::limits::{BATCH_EVENTS_MAX, RECORD_BYTES_MAX};
use crate::schemas::accounts::AccountEvent;
use crate::schemas::enums::Line;
use crate::schemas::heads;

/// Room that a full batch leaves for its head and its last event.
const SPARE_BYTES: usize = 64 << 10;

/// A topic that a worker writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What shards say to books.
    Orders,
    /// What shards say to accounts.
    AccountEvents,
    /// What books say to shards.
    AccountCommands,
    /// What books say to everyone.
    Book,
    /// The latest prices.
    Tickers,
    /// What could not be read.
    DeadLetters,
}

impl Topic {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::AccountEvents => "account-events",
            Self::AccountCommands => "account-commands",
            Self::Book => "book",
            Self::Tickers => "tickers",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// A record on its way to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// Which partition of it.
    pub partition: i64,
    /// For compacted topics.
    pub key: Option<Vec<u8>>,
    /// The record.
    pub value: Vec<u8>,
}

/// A kind of edge: where its events go, and whose batches they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Where its events go.
    pub topic: Topic,
    /// A shard; books, which share their batches, are 0 all of them.
    pub sender: i64,
    /// Which copy of the sender this is.
    pub line: Line,
}

/// Consecutive events of one edge at one time, encoded.
#[derive(Debug)]
struct Run {
    first: i64,
    chain: i64,
    time_ms: i64,
    count: usize,
    data: Buffer,
}

#[derive(Debug)]
struct EdgeRuns {
    edge_id: i64,
    runs: Vec<usize>, // places
}

#[derive(Debug, Default)]
struct Batch {
    edges: Vec<EdgeRuns>,
    events: usize,
    bytes: usize,
    accounts: Vec<i64>,
    places: HashMap<i64, usize, foldhash::fast::FixedState>,
    last: Option<(i64, i64)>, // the account that was last asked for, and its place
}

impl Batch {
    #[inline]
    fn is_full(&self) -> bool {
        self.events >= BATCH_EVENTS_MAX || self.bytes >= RECORD_BYTES_MAX - SPARE_BYTES
    }

    /// Take the accounts behind a place out of the head.
    fn forget_accounts(&mut self, from: usize) {
        for account in self.accounts.drain(from..) {
            self.places.remove(&account);
        }
        self.last = None;
    }

    fn place_of(&mut self, account: i64) -> i64 {
        if let Some((last, place)) = self.last
            && last == account
        {
            return place;
        }
        let next = self.accounts.len();
        let place = *self.places.entry(account).or_insert(next);
        if place == next {
            self.accounts.push(account);
            self.bytes += 10;
        }
        let place = i64::try_from(place).expect("a place in a batch");
        self.last = Some((account, place));
        place
    }
}

#[derive(Debug)]
struct Destination {
    stream: Stream,
    partition: i64,
    batches: Vec<usize>, // places
}

/// A run as it was before a record touched it.
#[derive(Debug)]
struct Mark {
    batch: usize,
    run: usize,
    count: usize,
    bytes: usize,
    accounts: usize, // in the batch's head
}

/// Collects numbered events; `take` gives them as records, in batches of a bounded size.
#[derive(Debug)]
pub struct Outbox {
    record: u64, // counts the records at work, from 1 on
    turn: u64,   // counts how often it was emptied, from 1 on
    destinations: Vec<Destination>,
    batches: Vec<Batch>,
    runs: Vec<Run>,
    index: HashMap<(Stream, i64), usize, foldhash::fast::FixedState>,
    since: Vec<Mark>,   // what the record at work has touched
    spare: Vec<Buffer>, // to be used again
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// Make an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            record: 1,
            turn: 1,
            destinations: Vec::new(),
            batches: Vec::new(),
            runs: Vec::new(),
            index: HashMap::default(),
            since: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Start a record: what it puts can be taken back until the next one starts.
    pub fn begin(&mut self) {
        self.record += 1;
        self.since.clear();
    }

    /// Take back what was put since `begin`.
    ///
    /// Half a record's events would be numbered otherwise when an operator goes past the record.
    pub fn roll_back(&mut self) {
        for mark in self.since.drain(..).rev() {
            let (batch, run) = (&mut self.batches[mark.batch], &mut self.runs[mark.run]);
            batch.events -= run.count - mark.count;
            batch.bytes -= run.data.len() - mark.bytes;
            run.count = mark.count;
            run.data.truncate(mark.bytes);
            batch.forget_accounts(mark.accounts);
        }
        // An edge that goes on would go on in a run whose numbers it has passed.
        self.record += 1;
    }

    /// Number an event on its edge and keep it for the destination's batch.
    #[inline]
    pub fn put<E: Event>(
        &mut self,
        stream: Stream,
        partition: i64,
        edge_id: i64,
        edge: &mut OutEdge,
        event: &E,
        time_ms: i64,
    ) {
        let (batch, run) = self.run(stream, partition, edge_id, edge, time_ms);
        edge.put(event, time_ms);
        batch.bytes += event.write_to(&mut run.data);
        run.count += 1; // behind what may panic: `roll_back` takes it from the batch's, too
        batch.events += 1;
    }

    /// As `put`, for an event whose account stands in the batch's head.
    #[inline]
    pub fn put_account_event(
        &mut self,
        stream: Stream,
        partition: i64,
        edge: &mut OutEdge,
        event: &AccountEvent<'_>,
        time_ms: i64,
    ) {
        let (batch, run) = self.run(stream, partition, 0, edge, time_ms);
        edge.put(event, time_ms);
        let place = batch.place_of(event.account());
        batch.bytes += event.write_at(place, &mut run.data);
        run.count += 1;
        batch.events += 1;
    }

    /// Return the batch and the run where the next event of an edge goes.
    #[inline(always)]
    fn run(
        &mut self,
        stream: Stream,
        partition: i64,
        edge_id: i64,
        edge: &mut OutEdge,
        time_ms: i64,
    ) -> (&mut Batch, &mut Run) {
        let handle = edge.handle;
        // What a record puts can be taken back only where it was marked.
        let goes_on = handle.record == self.record
            && !self.batches[handle.batch].is_full()
            && self.runs[handle.run].time_ms == time_ms;
        if !goes_on {
            self.run_anew(stream, partition, edge_id, edge, time_ms);
        }
        let handle = edge.handle;
        (&mut self.batches[handle.batch], &mut self.runs[handle.run])
    }

    #[inline(never)]
    fn run_anew(
        &mut self,
        stream: Stream,
        partition: i64,
        edge_id: i64,
        edge: &mut OutEdge,
        time_ms: i64,
    ) {
        let next = self.destinations.len();
        let destination = *self.index.entry((stream, partition)).or_insert(next);
        if destination == next {
            self.destinations.push(Destination {
                stream,
                partition,
                batches: Vec::new(),
            });
        }
        let batches = &mut self.destinations[destination].batches;
        let batch = match batches.last() {
            Some(batch) if !self.batches[*batch].is_full() => *batch,
            _ => {
                batches.push(self.batches.len());
                self.batches.push(Batch::default());
                self.batches.len() - 1
            }
        };
        let open = &mut self.batches[batch];
        let known = edge.handle.turn == self.turn && edge.handle.batch == batch;
        let at = if known {
            edge.handle.edge
        } else if let Some(at) = open.edges.iter().position(|edge| edge.edge_id == edge_id) {
            at
        } else {
            open.edges.push(EdgeRuns {
                edge_id,
                runs: Vec::new(),
            });
            open.edges.len() - 1
        };
        let places = &mut open.edges[at].runs;
        let before = edge.state();
        let last = places.last().copied().filter(|place| {
            let run = &self.runs[*place];
            let next = run.first + i64::try_from(run.count).expect("a count of events");
            run.time_ms == time_ms && next == before.number + 1
        });
        let run = last.unwrap_or_else(|| {
            open.bytes += 40;
            places.push(self.runs.len());
            self.runs.push(Run {
                first: before.number + 1,
                chain: before.chain,
                time_ms,
                count: 0,
                data: self.spare.pop().unwrap_or_default(),
            });
            self.runs.len() - 1
        });
        self.since.push(Mark {
            batch,
            run,
            count: self.runs[run].count,
            bytes: self.runs[run].data.len(),
            accounts: open.accounts.len(),
        });
        edge.handle = Handle {
            record: self.record,
            turn: self.turn,
            run,
            batch,
            edge: at,
        };
    }

    /// Return all that was put since the last time as records, and forget it: first what other
    /// machines wait for, else in the order of first use.
    pub fn take(&mut self, records: &mut Vec<Outgoing>) {
        self.destinations
            .sort_by_key(|one| !matches!(one.stream.topic, Topic::Orders | Topic::AccountCommands));
        for destination in &self.destinations {
            for batch in destination.batches.iter().map(|at| &self.batches[*at]) {
                if batch.events > 0 {
                    records.push(Outgoing {
                        topic: destination.stream.topic,
                        partition: destination.partition,
                        key: None,
                        value: encode(destination.stream, batch, &self.runs),
                    });
                }
            }
        }
        let spare = self.runs.drain(..).map(|mut run| {
            run.data.truncate(0);
            run.data
        });
        self.spare.extend(spare);
        self.spare.truncate(1_024);
        self.destinations.clear();
        self.batches.clear();
        self.index.clear();
        self.since.clear();
        // What edges know of it is void.
        self.record += 1;
        self.turn += 1;
    }
}

fn encode(stream: Stream, batch: &Batch, all: &[Run]) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.bytes + SPARE_BYTES / 64);
    let (head, is_shard) = match stream.topic {
        Topic::Orders => (heads::ORDER_BATCH, true),
        Topic::AccountEvents => (heads::ACCOUNT_EVENT_BATCH, true),
        Topic::AccountCommands => (heads::REPORT_BATCH, false),
        _ => (heads::FEED_BATCH, false),
    };
    out.extend_from_slice(&head);
    if stream.topic == Topic::AccountEvents {
        put_length(batch.accounts.len(), &mut out);
        for account in &batch.accounts {
            put_long(*account, &mut out);
        }
        put_length(0, &mut out);
    }
    put_bytes(b"", &mut out); // no seal
    stream.line.write(&mut out);
    if is_shard {
        put_long(stream.sender, &mut out);
    }
    let runs = || {
        batch
            .edges
            .iter()
            .flat_map(|edge| edge.runs.iter().map(move |at| (edge.edge_id, &all[*at])))
            .filter(|(_, run)| run.count > 0)
    };
    put_length(runs().count(), &mut out);
    for (edge_id, run) in runs() {
        if stream.topic != Topic::AccountEvents {
            put_long(edge_id, &mut out);
        }
        put_long(run.first, &mut out);
        put_long(run.chain, &mut out);
        if matches!(stream.topic, Topic::AccountEvents | Topic::Book) {
            put_long(run.time_ms, &mut out);
        }
        put_length(run.count, &mut out);
        out.extend_from_slice(run.data.bytes());
        put_length(0, &mut out);
    }
    put_length(0, &mut out);
    out
}
