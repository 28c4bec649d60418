//! The shard of one partition of `account-commands`: commands and reports in, orders out
//! (`partita.ledger.partition`).

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::avro::{Reader, Value};
use crate::core::book_machine::digest_end;
use crate::core::group::{Group, groups};
use crate::core::record::{Record, Result, Unreadable, ended, opened, undecodable};
use crate::core::shard_snapshot;
use crate::core::{Core, Judged, MachineMark, Machines, Writing};
use crate::digest::Digest;
use crate::edges::{EdgeState, InEdge, OutEdge, Verdict};
use crate::limits::{BATCH_COMMANDS_MAX, RECORD_BYTES_MAX};
use crate::outbox::{Outbox, Outgoing, Stream, Topic};
use crate::schemas::accounts::AccountEvent;
use crate::schemas::commands::Command;
use crate::schemas::enums::Line;
use crate::schemas::heads;
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::Report;
use crate::shard::{Shard, ShardOutput};

/// A shard as a machine on the log, with its edges.
#[derive(Clone, Debug)]
pub struct Ledger {
    shard: Shard,
    position: i64,
    taken: i64,
    from_books: BTreeMap<i64, InEdge>,
    voice: Voice,
}

/// What a shard says, and to whom.
#[derive(Clone, Debug)]
struct Voice {
    shard: i64,
    line: Line,
    to_books: HashMap<i64, OutEdge, foldhash::fast::FixedState>,
    to_accounts: OutEdge,
}

/// Puts what a shard answers to one command or report into the outbox.
struct Telling<'t> {
    voice: &'t mut Voice,
    outbox: &'t mut Outbox,
    time_ms: i64,
}

/// The ends of all edges of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardEdges {
    /// By instrument.
    pub from_books: Vec<(i64, EdgeState)>,
    /// By instrument.
    pub to_books: Vec<(i64, EdgeState)>,
    /// One.
    pub to_accounts: EdgeState,
}

/// A record of this topic, decoded.
pub(crate) enum Message<'a> {
    Commands(Vec<Command<'a>>),
    Reports {
        line: Line,
        groups: Vec<Group<Report>>,
    },
}

/// Make the worker core of a ledger.
#[must_use]
pub fn ledger_core(shards: i64, line: Line) -> Core<Ledger> {
    Core::new(move |shard| Ledger::new(shard, shards, line))
}

impl ShardOutput for Telling<'_> {
    #[inline]
    fn order(&mut self, instrument: &Instrument, event: &OrderEvent) {
        let voice = &mut *self.voice;
        let stream = Stream {
            topic: Topic::Orders,
            sender: voice.shard,
            line: voice.line,
        };
        let id = instrument.instrument_id;
        let edge = voice.to_books.entry(id).or_default();
        self.outbox
            .put(stream, instrument.partition, id, edge, event, 0);
    }

    #[inline]
    fn event(&mut self, event: &AccountEvent<'_>) {
        let voice = &mut *self.voice;
        let stream = Stream {
            topic: Topic::AccountEvents,
            sender: voice.shard,
            line: voice.line,
        };
        let edge = &mut voice.to_accounts;
        self.outbox
            .put_account_event(stream, voice.shard, edge, event, self.time_ms);
    }
}

impl Ledger {
    /// Make an empty shard.
    #[must_use]
    pub fn new(shard: i64, shards: i64, line: Line) -> Self {
        Self {
            shard: Shard::new(shard, shards),
            position: 0,
            taken: 0,
            from_books: BTreeMap::new(),
            voice: Voice {
                shard,
                line,
                to_books: HashMap::default(),
                to_accounts: OutEdge::default(),
            },
        }
    }

    fn written(&mut self) -> Vec<u8> {
        let edges = self.edges();
        shard_snapshot::write(&self.shard, &edges)
    }

    fn name(&self) -> String {
        format!("shard {}", self.shard.shard())
    }

    fn take_commands(&mut self, commands: &[Command<'_>], time_ms: i64, outbox: &mut Outbox) {
        let mut telling = Telling {
            voice: &mut self.voice,
            outbox,
            time_ms: self.shard.time_ms().max(time_ms),
        };
        self.shard.commands(commands, time_ms, &mut telling);
    }

    fn take_reports(
        &mut self,
        groups: &[Group<Report>],
        time_ms: i64,
        outbox: &mut Outbox,
        judged: &mut Vec<Judged>,
    ) {
        let receiver = self.shard.shard();
        let mut telling = Telling {
            voice: &mut self.voice,
            outbox,
            time_ms: self.shard.time_ms().max(time_ms),
        };
        for group in groups {
            let id = group.instrument_id;
            let (verdict, reports) = judge(&mut self.from_books, group);
            self.shard.reports(id, reports, time_ms, &mut telling);
            judged.push(Judged {
                verdict,
                sender: id,
                receiver,
            });
        }
    }

    fn edges(&mut self) -> ShardEdges {
        let voice = &mut self.voice;
        let ends = voice
            .to_books
            .iter_mut()
            .map(|(at, edge)| (*at, edge.state()));
        let mut to_books: Vec<_> = ends.collect();
        to_books.sort_unstable_by_key(|(at, _)| *at);
        ShardEdges {
            from_books: self
                .from_books
                .iter()
                .map(|(at, edge)| (*at, edge.state()))
                .collect(),
            to_books,
            to_accounts: voice.to_accounts.state(),
        }
    }
}

impl ShardEdges {
    fn digest(&self, into: &mut Digest) {
        into.tuple(3);
        for ends in [&self.from_books, &self.to_books] {
            into.tuple(ends.len());
            for (at, end) in ends {
                into.tuple(2).int(*at);
                digest_end(*end, into);
            }
        }
        digest_end(self.to_accounts, into);
    }
}

impl Machines for Ledger {
    const TOPIC: &'static str = "account-commands";

    fn take(
        &mut self,
        record: &Record<'_>,
        outbox: &mut Outbox,
        judged: &mut Vec<Judged>,
    ) -> Result<&'static str> {
        assert!(
            record.offset >= self.position,
            "a shard alone on its partition is read from its position"
        );
        let message = decoded(record.value)?;
        self.taken += 1;
        match message {
            Message::Commands(commands) => {
                self.take_commands(&commands, record.time_ms, outbox);
                Ok("")
            }
            Message::Reports { line, groups } => {
                self.take_reports(&groups, record.time_ms, outbox, judged);
                Ok(line.symbol())
            }
        }
    }

    fn skip(&mut self, record: &Record<'_>) -> Result<()> {
        let message = decoded(record.value)?;
        self.taken += 1;
        if let Message::Reports { groups, .. } = message {
            for group in &groups {
                judge(&mut self.from_books, group);
            }
        }
        Ok(())
    }

    fn names(&self, judged: &Judged) -> (String, String) {
        let instrument = self.shard.instrument(judged.sender);
        let sender = instrument.map(|rules| rules.symbol.clone());
        let sender = sender.unwrap_or_else(|| format!("book {}", judged.sender));
        (sender, self.name())
    }

    fn marks(&self) -> Vec<MachineMark> {
        vec![MachineMark {
            name: self.name(),
            first_offset: 0, // it is there before its first record
            position: self.position,
            taken: self.taken,
            rows: self.shard.rows(),
        }]
    }

    fn restore(&mut self, data: &[u8], position: i64) -> Result<()> {
        let (state, edges) = shard_snapshot::read(data)?;
        if state.shards != self.shard.shards() {
            return Err(Unreadable::WrongPartitions(format!(
                "the snapshot of {} is of {} shards, and this exchange has {}; the number of \
                 shards is fixed when it is made",
                self.name(),
                state.shards,
                self.shard.shards()
            )));
        }
        if state.shard != self.shard.shard() {
            let of = state.shard;
            return undecodable(format!(
                "a snapshot of shard {of} is not of {}",
                self.name()
            ));
        }
        self.shard = Shard::restore(state);
        let from_books = edges.from_books.into_iter();
        self.from_books = from_books
            .map(|(at, end)| (at, InEdge::restored(end)))
            .collect();
        let to_books = edges.to_books.into_iter();
        self.voice.to_books = to_books
            .map(|(at, end)| (at, OutEdge::restored(end)))
            .collect();
        self.voice.to_accounts = OutEdge::restored(edges.to_accounts);
        self.position = position;
        Ok(())
    }

    fn snapshot(&mut self, machine: &str) -> Option<Vec<u8>> {
        (machine == self.name()).then(|| self.written())
    }

    fn copy(&mut self, machine: &str) -> Option<Writing> {
        (machine == self.name()).then(|| {
            let mut copy = self.clone();
            let write: Writing = Box::new(move || copy.written());
            write
        })
    }

    fn edges_digest(&mut self, machine: &str) -> Option<[u8; 32]> {
        (machine == self.name()).then(|| {
            let mut digest = Digest::default();
            self.edges().digest(&mut digest);
            digest.finish()
        })
    }

    fn state_hash(&mut self, machine: &str) -> Option<[u8; 32]> {
        (machine == self.name()).then(|| {
            let mut digest = Digest::default();
            digest.tuple(2).bytes(&self.shard.state_hash());
            self.edges().digest(&mut digest);
            digest.finish()
        })
    }

    fn latest(&mut self, _records: &mut Vec<Outgoing>) {}

    fn next_expiry_ms(&self) -> Option<i64> {
        None // orders expire in the books
    }

    fn check(&self) {
        self.shard.check();
    }
}

/// Decode a record of this topic.
///
/// # Errors
/// It cannot be read, or does not belong here.
pub(crate) fn decoded(value: &[u8]) -> Result<Message<'_>> {
    let (name, head, mut input) = opened(value, RECORD_BYTES_MAX)?;
    let message = match head {
        heads::COMMAND_BATCH => command_batch(&mut input)?,
        heads::REPORT_BATCH => report_batch(&mut input)?,
        _ => return undecodable(format!("a {name} does not belong on {}", Ledger::TOPIC)),
    };
    ended(&input)?;
    Ok(message)
}

fn command_batch<'a>(input: &mut Reader<'a>) -> Result<Message<'a>> {
    input.bytes()?; // the seal
    let commands: Vec<Command<'a>> = input.items()?;
    if commands.len() > BATCH_COMMANDS_MAX {
        return undecodable(format!("a batch has at most {BATCH_COMMANDS_MAX} commands"));
    }
    Ok(Message::Commands(commands))
}

fn report_batch<'a>(input: &mut Reader<'_>) -> Result<Message<'a>> {
    input.bytes()?; // the seal
    Ok(Message::Reports {
        line: Line::read(input)?,
        groups: groups(input)?,
    })
}

/// Judge a group of a book; return what is new in it. What is dropped changes nothing at all.
fn judge<'g>(
    from_books: &mut BTreeMap<i64, InEdge>,
    group: &'g Group<Report>,
) -> (Verdict, &'g [Report]) {
    let known = from_books.get(&group.instrument_id);
    let mut edge = known.cloned().unwrap_or_default();
    let (verdict, reports) = edge.take(group.first, group.chain, &group.events);
    if verdict == Verdict::Taken {
        from_books.insert(group.instrument_id, edge);
    }
    (verdict, reports)
}
