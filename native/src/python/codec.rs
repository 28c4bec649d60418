//! What a record holds, written again: how tests compare what two readers take.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Decode a record that a core reads, and encode it as a writer would; without its seal.
#[pyfunction]
pub fn again<'py>(py: Python<'py>, record: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &crate::core::again::again(record)?))
}
