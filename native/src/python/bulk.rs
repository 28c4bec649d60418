//! A client's bulk of orders in Python.

use std::sync::{Mutex, MutexGuard};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::bulk::{self, Bulk as Inner, Outcome, Row, Terms};
use crate::core::record::{Result, opened};
use crate::limits::RECORD_BYTES_MAX;
use crate::python::core::Owned;
use crate::python::place_in;
use crate::schemas::enums::{OrderType, SelfTrade, Side, TimeInForce};
use crate::schemas::heads;

/// The commands of one run, and what became of them; see `partita.producers.bulk`.
#[pyclass(frozen)]
pub struct Bulk {
    bulk: Mutex<Inner>,
}

impl Bulk {
    fn bulk(&self) -> MutexGuard<'_, Inner> {
        self.bulk
            .lock()
            .expect("the bulk has failed before; its state is not used again")
    }
}

/// Columns that Python gives as buffers of 64-bit integers.
fn columns<const N: usize>(py: Python<'_>, given: [PyBuffer<i64>; N]) -> PyResult<[Vec<i64>; N]> {
    let mut columns = [const { Vec::new() }; N];
    for (column, buffer) in columns.iter_mut().zip(&given) {
        *column = buffer.to_vec(py)?;
    }
    if columns
        .iter()
        .any(|column| column.len() != columns[0].len())
    {
        return Err(PyValueError::new_err("the columns have different lengths"));
    }
    Ok(columns)
}

/// Return whether a record of account-events names one of these accounts, ascending; True when it
/// cannot be read.
#[pyfunction]
pub fn concerned(py: Python<'_>, record: &[u8], accounts: PyBuffer<i64>) -> PyResult<bool> {
    let wanted = accounts.to_vec(py)?;
    Ok(names_one(record, &wanted).unwrap_or(true))
}

/// Return whether a record of account-events has an event with a number above this one; True when
/// it cannot be read.
#[pyfunction]
pub fn has_news(record: &[u8], known: i64) -> bool {
    bulk::has_news(record, known).unwrap_or(true)
}

fn names_one(record: &[u8], wanted: &[i64]) -> Result<bool> {
    let (_, head, mut input) = opened(record, RECORD_BYTES_MAX)?;
    let mut found = head != heads::ACCOUNT_EVENT_BATCH;
    if !found {
        input.array(|input| {
            found |= wanted.binary_search(&input.long()?).is_ok();
            Ok(())
        })?;
    }
    Ok(found)
}

#[pymethods]
impl Bulk {
    /// Start a run whose command ids begin with a prefix, behind the events of these numbers.
    #[new]
    fn new(prefix: &str, numbers: Vec<i64>) -> Self {
        Self {
            bulk: Mutex::new(Inner::new(prefix, numbers)),
        }
    }

    /// Take in orders by their columns and what they have in common; sides are places in Side.
    #[allow(clippy::too_many_arguments)] // the columns of an order
    fn place(
        &self,
        py: Python<'_>,
        account: PyBuffer<i64>,
        instrument_id: PyBuffer<i64>,
        side: PyBuffer<i64>,
        price: PyBuffer<i64>,
        size: PyBuffer<i64>,
        terms: (String, String, bool, String, i64),
    ) -> PyResult<()> {
        let (kind, time_in_force, post_only, self_trade, expire_ms) = terms;
        let terms = Terms {
            r#type: place_in(OrderType::SYMBOLS, OrderType::ALL, &kind)?,
            time_in_force: place_in(TimeInForce::SYMBOLS, TimeInForce::ALL, &time_in_force)?,
            post_only,
            self_trade: place_in(SelfTrade::SYMBOLS, SelfTrade::ALL, &self_trade)?,
            expire_ms,
        };
        let table = columns(py, [account, instrument_id, side, price, size])?;
        let [account, instrument_id, side, price, size] = &table;
        let mut sides = Vec::with_capacity(side.len());
        for place in side {
            let side = usize::try_from(*place)
                .ok()
                .and_then(|at| Side::ALL.get(at));
            sides.push(*side.ok_or_else(|| PyValueError::new_err("a side is 0 or 1"))?);
        }
        let mut bulk = self.bulk();
        for at in 0..account.len() {
            bulk.add(Row::Place {
                account: account[at],
                instrument_id: instrument_id[at],
                side: sides[at],
                price: price[at],
                size: size[at],
                terms,
            });
        }
        Ok(())
    }

    /// Take in cancels by their columns.
    fn cancel(
        &self,
        py: Python<'_>,
        account: PyBuffer<i64>,
        order_id: PyBuffer<i64>,
    ) -> PyResult<()> {
        let [account, order_id] = columns(py, [account, order_id])?;
        let mut bulk = self.bulk();
        for (account, order_id) in account.into_iter().zip(order_id) {
            bulk.add(Row::Cancel { account, order_id });
        }
        Ok(())
    }

    /// Return (shard, record) of those commands from first to end that are not answered; those of
    /// them that are new are valid until then.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
        valid_until_ms: i64,
    ) -> Vec<(usize, Bound<'py, PyBytes>)> {
        let records = py.detach(|| self.bulk().encode(first..end, valid_until_ms));
        let made = records
            .iter()
            .map(|(shard, data)| (*shard, PyBytes::new(py, data)));
        made.collect()
    }

    /// Take records of the private stream, heard now; return (answered, settled, gaps) so far.
    fn take(
        &self,
        py: Python<'_>,
        records: Vec<Bound<'_, PyTuple>>,
        now_ns: i64,
    ) -> PyResult<(usize, usize, usize)> {
        let owned = records
            .iter()
            .map(Owned::from_python)
            .collect::<PyResult<Vec<_>>>()?;
        py.detach(|| {
            for record in owned.iter().map(Owned::record) {
                let shard = usize::try_from(record.partition).expect("a partition");
                // Locked for each record anew: the loop, which sends, waits for one at most.
                self.bulk().take(shard, record.value, now_ns)?;
            }
            let bulk = self.bulk();
            Ok((bulk.answered, bulk.settled, bulk.gaps))
        })
    }

    /// Return the first command from first to end that is not as far as a state, else end.
    fn waiting(&self, first: usize, end: usize, state: u8) -> usize {
        self.bulk().waiting(first..end, state)
    }

    /// Forget the commands from first to end; return how many of them are under way, unanswered.
    fn forget(&self, first: usize, end: usize) -> usize {
        self.bulk().forget(first..end)
    }

    /// Return what became of the commands from first to end in columns: states and reasons as
    /// bytes of places, order ids and times heard as native 64-bit integers.
    fn outcomes<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
    ) -> (
        Bound<'py, PyBytes>,
        Bound<'py, PyBytes>,
        Bound<'py, PyBytes>,
        Bound<'py, PyBytes>,
    ) {
        let some: Vec<Outcome> = self.bulk().outcomes(first..end).collect();
        let bytes = |of: fn(&Outcome) -> u8| some.iter().map(of).collect::<Vec<_>>();
        let longs = |of: fn(&Outcome) -> i64| {
            some.iter()
                .flat_map(|one| of(one).to_ne_bytes())
                .collect::<Vec<_>>()
        };
        (
            PyBytes::new(py, &bytes(|one| one.state as u8)),
            PyBytes::new(py, &bytes(|one| one.reason as u8)),
            PyBytes::new(py, &longs(|one| one.order_id)),
            PyBytes::new(py, &longs(|one| one.heard_ns)),
        )
    }
}
