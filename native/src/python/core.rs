//! A worker core in Python.

use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use crate::core::books::{Books, matcher_core};
use crate::core::ledger::{Ledger, ledger_core};
use crate::core::record::{Record, Result};
use crate::core::{Core as AnyCore, Counters, MachineMark, Machines, Outputs, Writing};
use crate::outbox::Outgoing;
use crate::python::{asserted, line_of};

/// What is the same for both cores.
trait Worker: Send {
    fn counters(&self, partition: i64) -> Counters;
    fn open(&mut self, partition: i64, snapshots: &[(i64, &[u8])]) -> Result<()>;
    fn close(&mut self, partition: i64);
    fn apply(&mut self, records: &[Owned]) -> Outputs;
    fn skip(&mut self, record: &Record<'_>);
    fn latest(&mut self) -> Vec<Outgoing>;
    fn next_expiry_ms(&self, partition: i64) -> Option<i64>;
    fn edges_waiting(&self, partition: i64) -> usize;
    fn marks(&mut self, partition: i64) -> Vec<MachineMark>;
    fn snapshot(&mut self, partition: i64, machine: &str) -> Option<Vec<u8>>;
    fn copy(&mut self, partition: i64, machine: &str) -> Option<Writing>;
    fn edges_digest(&mut self, partition: i64, machine: &str) -> Option<[u8; 32]>;
    fn state_hash(&mut self, partition: i64, machine: &str) -> Option<[u8; 32]>;
    fn check(&self);
}

impl<M: Machines + Send> Worker for AnyCore<M> {
    fn counters(&self, partition: i64) -> Counters {
        self.counters(partition)
    }
    fn open(&mut self, partition: i64, snapshots: &[(i64, &[u8])]) -> Result<()> {
        self.open(partition, snapshots)
    }
    fn close(&mut self, partition: i64) {
        self.close(partition);
    }
    fn apply(&mut self, records: &[Owned]) -> Outputs {
        self.apply(records.iter().map(Owned::record))
    }
    fn skip(&mut self, record: &Record<'_>) {
        self.skip(record);
    }
    fn latest(&mut self) -> Vec<Outgoing> {
        self.latest()
    }
    fn next_expiry_ms(&self, partition: i64) -> Option<i64> {
        self.next_expiry_ms(partition)
    }
    fn edges_waiting(&self, partition: i64) -> usize {
        self.edges_waiting(partition)
    }
    fn marks(&mut self, partition: i64) -> Vec<MachineMark> {
        self.machines(partition).marks()
    }
    fn snapshot(&mut self, partition: i64, machine: &str) -> Option<Vec<u8>> {
        self.machines(partition).snapshot(machine)
    }
    fn copy(&mut self, partition: i64, machine: &str) -> Option<Writing> {
        self.machines(partition).copy(machine)
    }
    fn edges_digest(&mut self, partition: i64, machine: &str) -> Option<[u8; 32]> {
        self.machines(partition).edges_digest(machine)
    }
    fn state_hash(&mut self, partition: i64, machine: &str) -> Option<[u8; 32]> {
        self.machines(partition).state_hash(machine)
    }
    fn check(&self) {
        self.check();
    }
}

/// A machine's state as it was.
#[pyclass(frozen, module = "partita_native")]
pub(super) struct Copied {
    writing: Mutex<Option<Writing>>,
}

#[pymethods]
impl Copied {
    /// Write it down, once; other threads run meanwhile.
    fn write<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let taken = self.writing.lock().expect("nothing panics under it").take();
        let writing = taken.ok_or_else(|| PyRuntimeError::new_err("it was written before"))?;
        Ok(PyBytes::new(py, &py.detach(writing)))
    }
}

/// A record whose bytes Python keeps.
pub(super) struct Owned {
    partition: i64,
    offset: i64,
    time_ms: i64,
    value: PyBackedBytes,
}

impl Owned {
    /// Take the first four fields of a `partita.log.port.Record`.
    pub(super) fn from_python(record: &Bound<'_, PyTuple>) -> PyResult<Self> {
        Ok(Self {
            partition: record.get_item(0)?.extract()?,
            offset: record.get_item(1)?.extract()?,
            time_ms: record.get_item(2)?.extract()?,
            value: record.get_item(3)?.extract()?,
        })
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record {
            partition: self.partition,
            offset: self.offset,
            time_ms: self.time_ms,
            value: &self.value,
        }
    }
}

type Sent<'py> = (
    &'static str,
    i64,
    Option<Bound<'py, PyBytes>>,
    Bound<'py, PyBytes>,
);
type Told = (i64, i64, String);
type All<'py> = (Vec<Sent<'py>>, Vec<Told>, Vec<Told>, Vec<Refused>);
type Refused = (i64, (String, &'static str, String, i64, i64));

fn sent<'py>(py: Python<'py>, records: &[Outgoing]) -> Vec<Sent<'py>> {
    let one = |record: &Outgoing| {
        let key = record.key.as_ref().map(|key| PyBytes::new(py, key));
        let value = PyBytes::new(py, &record.value);
        (record.topic.name(), record.partition, key, value)
    };
    records.iter().map(one).collect()
}

/// All machines of the partitions that a worker owns; see `partita.log.core.WorkerCore`.
#[pyclass(frozen)]
pub struct Core {
    worker: Mutex<Box<dyn Worker>>,
}

impl Core {
    /// Take the core. One that was left in the middle of something is not used again.
    fn worker(&self) -> MutexGuard<'_, Box<dyn Worker>> {
        self.worker
            .lock()
            .expect("the core has failed before; its state is not used again")
    }
}

#[pymethods]
impl Core {
    /// Make the core of a matcher: the books of the partitions it is given.
    #[staticmethod]
    fn matcher(shards: usize, line: &str) -> PyResult<Self> {
        let core: AnyCore<Books> = matcher_core(shards, line_of(line)?);
        Ok(Self {
            worker: Mutex::new(Box::new(core)),
        })
    }

    /// Make the core of a ledger: the shards of the partitions it is given.
    #[staticmethod]
    fn ledger(shards: i64, line: &str) -> PyResult<Self> {
        let core: AnyCore<Ledger> = ledger_core(shards, line_of(line)?);
        Ok(Self {
            worker: Mutex::new(Box::new(core)),
        })
    }

    /// Return what was seen of a partition, in the order of the fields of Counters.
    fn counters(&self, partition: i64) -> (i64, i64, i64, i64, i64, i64) {
        let seen = self.worker().counters(partition);
        (
            seen.records,
            seen.groups_taken,
            seen.duplicates_dropped,
            seen.gaps_waited,
            seen.lines_refused,
            seen.dead_letters,
        )
    }

    /// Make the machines of a partition from (position, bytes) of their snapshots.
    fn open(
        &self,
        py: Python<'_>,
        partition: i64,
        snapshots: Vec<(i64, PyBackedBytes)>,
    ) -> PyResult<()> {
        py.detach(|| {
            let given: Vec<(i64, &[u8])> =
                snapshots.iter().map(|(at, data)| (*at, &**data)).collect();
            self.worker().open(partition, &given)
        })?;
        Ok(())
    }

    /// Forget the machines of a partition.
    fn close(&self, partition: i64) {
        self.worker().close(partition);
    }

    /// Apply records; return (records, alarms, parked, refused).
    fn apply<'py>(&self, py: Python<'py>, records: Vec<Bound<'py, PyTuple>>) -> PyResult<All<'py>> {
        let owned = records
            .iter()
            .map(Owned::from_python)
            .collect::<PyResult<Vec<_>>>()?;
        let outputs = py.detach(|| self.worker().apply(&owned));
        let told = |alarm: crate::core::Alarm| (alarm.partition, alarm.offset, alarm.text);
        let refused = outputs.refused.into_iter().map(|one| {
            let line = (one.sender, one.line, one.receiver, one.offset, one.time_ms);
            (one.partition, line)
        });
        Ok((
            sent(py, &outputs.records),
            outputs.alarms.into_iter().map(told).collect(),
            outputs.parked.into_iter().map(told).collect(),
            refused.collect(),
        ))
    }

    /// Go past a record without applying it.
    fn skip(&self, record: &Bound<'_, PyTuple>) -> PyResult<()> {
        let owned = Owned::from_python(record)?;
        self.worker().skip(&owned.record());
        Ok(())
    }

    /// Return what is said once for many records.
    fn latest<'py>(&self, py: Python<'py>) -> Vec<Sent<'py>> {
        let records = py.detach(|| self.worker().latest());
        sent(py, &records)
    }

    /// Return the log time at which a tick would make something happen.
    fn next_expiry_ms(&self, partition: i64) -> Option<i64> {
        self.worker().next_expiry_ms(partition)
    }

    /// Return (name, first_offset, position, taken, rows) of each machine.
    fn machines(&self, partition: i64) -> Vec<(String, i64, i64, i64, usize)> {
        let marks = self.worker().marks(partition).into_iter();
        marks
            .map(|mark| {
                let MachineMark {
                    name,
                    first_offset,
                    position,
                    taken,
                    rows,
                } = mark;
                (name, first_offset, position, taken, rows)
            })
            .collect()
    }

    /// Return the whole state of a machine as bytes; None when there is no such machine.
    fn snapshot<'py>(
        &self,
        py: Python<'py>,
        partition: i64,
        machine: &str,
    ) -> Option<Bound<'py, PyBytes>> {
        let data = py.detach(|| self.worker().snapshot(partition, machine));
        data.map(|data| PyBytes::new(py, &data))
    }

    /// Return the state of a machine as it is now, to be written down in any thread; None when
    /// there is no such machine.
    fn copy(&self, py: Python<'_>, partition: i64, machine: &str) -> Option<Copied> {
        let writing = py.detach(|| self.worker().copy(partition, machine))?;
        Some(Copied {
            writing: Mutex::new(Some(writing)),
        })
    }

    /// Return the digest of the ends of all edges of a machine.
    fn edges_digest<'py>(
        &self,
        py: Python<'py>,
        partition: i64,
        machine: &str,
    ) -> Option<Bound<'py, PyBytes>> {
        let digest = self.worker().edges_digest(partition, machine);
        digest.map(|digest| PyBytes::new(py, &digest))
    }

    /// Return on how many edges something came too early, and nothing since.
    fn edges_waiting(&self, partition: i64) -> usize {
        self.worker().edges_waiting(partition)
    }

    /// Return the digest of a machine's state.
    fn state_hash<'py>(
        &self,
        py: Python<'py>,
        partition: i64,
        machine: &str,
    ) -> Option<Bound<'py, PyBytes>> {
        let hash = py.detach(|| self.worker().state_hash(partition, machine));
        hash.map(|hash| PyBytes::new(py, &hash))
    }

    /// Assert every invariant of every machine.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            let worker = self.worker(); // out here: looking leaves nothing half done
            asserted(|| worker.check())
        })
    }
}
