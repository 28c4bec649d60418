//! A shard alone, behind the Shard contract (`partita.ledger.abc`).

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::avro::Value;
use crate::core::ledger::{Message, ShardEdges, decoded};
use crate::core::shard_snapshot;
use crate::edges::{EdgeState, OutEdge};
use crate::outbox::{Outbox, Stream, Topic};
use crate::python::asserted;
use crate::schemas::accounts::AccountEvent;
use crate::schemas::enums::Line;
use crate::schemas::heads;
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;
use crate::shard::{Shard as Inner, ShardOutput};

/// One shard.
#[pyclass(frozen)]
pub struct Shard {
    shard: Mutex<Inner>,
}

impl Shard {
    fn shard(&self) -> MutexGuard<'_, Inner> {
        self.shard
            .lock()
            .expect("the shard has failed before; its state is not used again")
    }
}

/// Puts what a shard answers into records, as a worker would.
struct Told {
    outbox: Outbox,
    to_book: OutEdge,
    to_accounts: OutEdge,
}

fn stream(topic: Topic) -> Stream {
    Stream {
        topic,
        sender: 0,
        line: Line::A,
    }
}

impl ShardOutput for Told {
    fn order(&mut self, instrument: &Instrument, event: &OrderEvent) {
        let (edge, id) = (&mut self.to_book, instrument.instrument_id);
        self.outbox
            .put(stream(Topic::Orders), 0, id, edge, event, 0);
    }

    fn event(&mut self, event: &AccountEvent<'_>) {
        let edge = &mut self.to_accounts;
        self.outbox
            .put_account_event(stream(Topic::AccountEvents), 0, edge, event, 0);
    }
}

impl Told {
    fn new() -> Self {
        Self {
            outbox: Outbox::new(),
            to_book: OutEdge::default(),
            to_accounts: OutEdge::default(),
        }
    }

    fn records(mut self, py: Python<'_>) -> Vec<Bound<'_, PyBytes>> {
        let mut records = Vec::new();
        self.outbox.take(&mut records);
        records
            .iter()
            .map(|record| PyBytes::new(py, &record.value))
            .collect()
    }
}

#[pymethods]
impl Shard {
    /// Make an empty shard.
    #[new]
    fn new(shard: i64, shards: i64) -> Self {
        Self {
            shard: Mutex::new(Inner::new(shard, shards)),
        }
    }

    /// Return the largest log time of what was applied.
    fn time_ms(&self) -> i64 {
        self.shard().time_ms()
    }

    /// Return how many rows its state has, about.
    fn rows(&self) -> usize {
        self.shard().rows()
    }

    /// Apply the commands of a record; return the records of what is answered.
    fn command<'py>(
        &self,
        py: Python<'py>,
        record: &[u8],
        time_ms: i64,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let mut told = Told::new();
        if let Message::Commands(commands) = decoded(record)? {
            for command in &commands {
                asserted(|| self.shard().command(command, time_ms, &mut told))?;
            }
        }
        Ok(told.records(py))
    }

    /// Apply the reports of a record; return the records of what is answered.
    fn report<'py>(
        &self,
        py: Python<'py>,
        record: &[u8],
        time_ms: i64,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let mut told = Told::new();
        if let Message::Reports { groups, .. } = decoded(record)? {
            for group in &groups {
                for report in &group.events {
                    let id = group.instrument_id;
                    asserted(|| self.shard().report(id, report, time_ms, &mut told))?;
                }
            }
        }
        Ok(told.records(py))
    }

    /// Return the record of an instrument's rules as last heard.
    fn instrument<'py>(&self, py: Python<'py>, instrument_id: i64) -> Option<Bound<'py, PyBytes>> {
        let shard = self.shard();
        let rules = shard.instrument(instrument_id)?;
        let mut out = heads::INSTRUMENT.to_vec();
        rules.write(&mut out);
        Some(PyBytes::new(py, &out))
    }

    /// Return the whole state as the record of a shard without edges.
    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let edges = ShardEdges {
            from_books: Vec::new(),
            to_books: Vec::new(),
            to_accounts: EdgeState::default(),
        };
        PyBytes::new(py, &shard_snapshot::write(&self.shard(), &edges))
    }

    /// Take the state of a record in place of the own one.
    fn restore(&self, data: &[u8]) -> PyResult<()> {
        let (state, _) = shard_snapshot::read(data)?;
        *self.shard() = asserted(|| Inner::restore(state))?;
        Ok(())
    }

    /// Return the digest of the state.
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.shard().state_hash())
    }

    /// Assert every invariant.
    fn check(&self) -> PyResult<()> {
        asserted(|| self.shard().check())
    }
}
