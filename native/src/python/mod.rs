//! The binding: what Python sees. Everything crosses as the bytes of records, and the interpreter
//! is released while a core works.

#![allow(clippy::needless_pass_by_value)] // what PyO3 takes out of Python is owned

mod book;
mod bulk;
mod codec;
mod core;
mod shard;

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::create_exception;
use pyo3::exceptions::{PyAssertionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::core::record::Unreadable;
use crate::core::words;
use crate::limits;
use crate::schemas::enums::Line;
use crate::schemas::heads::ALL;

create_exception!(partita_native, Undecodable, PyValueError);
create_exception!(partita_native, UnknownFingerprint, PyValueError);
create_exception!(partita_native, WrongPartitions, PyValueError);

impl From<Unreadable> for PyErr {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::Undecodable(text) => Undecodable::new_err(text),
            Unreadable::UnknownFingerprint(text) => UnknownFingerprint::new_err(text),
            Unreadable::WrongPartitions(text) => WrongPartitions::new_err(text),
        }
    }
}

/// The member of an enum that a symbol names.
fn place_in<T: Copy>(symbols: &[&str], members: &[T], symbol: &str) -> PyResult<T> {
    let place = symbols.iter().position(|known| *known == symbol);
    let member = place.map(|at| members[at]);
    member.ok_or_else(|| PyValueError::new_err(format!("no member {symbol} of {symbols:?}")))
}

/// Do something; a broken assertion is Python's `AssertionError`, with the reference's words.
fn asserted<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|panic| PyAssertionError::new_err(words(panic.as_ref())))
}

fn line_of(symbol: &str) -> PyResult<Line> {
    place_in(Line::SYMBOLS, Line::ALL, symbol)
}

/// Partita's native engine: books, shards, and the worker cores around them.
#[pymodule]
fn partita_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<core::Core>()?;
    module.add_class::<core::Copied>()?;
    module.add_class::<book::Book>()?;
    module.add_class::<shard::Shard>()?;
    module.add_class::<bulk::Bulk>()?;
    module.add_function(wrap_pyfunction!(codec::again, module)?)?;
    module.add("Undecodable", py.get_type::<Undecodable>())?;
    module.add("UnknownFingerprint", py.get_type::<UnknownFingerprint>())?;
    module.add("WrongPartitions", py.get_type::<WrongPartitions>())?;
    module.add_function(wrap_pyfunction!(bulk::concerned, module)?)?;
    module.add_function(wrap_pyfunction!(bulk::has_news, module)?)?;
    // The records it reads and writes: (name, marker and fingerprint).
    let heads = ALL
        .iter()
        .map(|(name, head)| (*name, PyBytes::new(py, head)));
    module.add("HEADS", PyList::new(py, heads)?)?;
    module.add("LIMITS", PyList::new(py, limits::ALL.iter().copied())?)?;
    module.add("BUILD", env!("PARTITA_BUILD"))?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
