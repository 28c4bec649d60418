//! A book alone, behind the Book contract (`partita.matchers.abc`).

use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyTuple};

use crate::book::events::BookEvent;
use crate::book::{Book as Inner, Level};
use crate::core::book_machine::BookEdges;
use crate::core::book_snapshot;
use crate::core::books::{Message, decoded};
use crate::edges::EdgeState;
use crate::python::{Undecodable, asserted, place_in};
use crate::schemas::enums::{OrderType, SelfTrade, Side, TimeInForce};
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::{AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent};

/// One book.
#[pyclass(frozen)]
pub struct Book {
    book: Mutex<Inner>,
}

impl Book {
    fn book(&self) -> MutexGuard<'_, Inner> {
        self.book
            .lock()
            .expect("the book has failed before; its state is not used again")
    }
}

fn side_of(symbol: &str) -> Side {
    if symbol == Side::Buy.symbol() {
        Side::Buy
    } else {
        Side::Sell
    }
}

fn level(level: &Level) -> (i64, i128, usize) {
    (level.price, level.size, level.orders)
}

/// The rules that a record holds.
fn rules_of(record: &[u8]) -> PyResult<Instrument> {
    match decoded(record)? {
        Message::Rules(rules) => Ok(rules),
        _ => Err(Undecodable::new_err("not the rules of an instrument")),
    }
}

/// A field of an event that Python gives.
trait Given: Sized {
    fn given(value: &Bound<'_, PyAny>) -> PyResult<Self>;
}

impl Given for i64 {
    fn given(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract()
    }
}

impl Given for bool {
    fn given(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract()
    }
}

macro_rules! given_by_symbol {
    ($($kind:ident),+) => {
        $(impl Given for $kind {
            fn given(value: &Bound<'_, PyAny>) -> PyResult<Self> {
                let symbol: PyBackedStr = value.extract()?;
                place_in(Self::SYMBOLS, Self::ALL, &symbol)
            }
        })+
    };
}

given_by_symbol!(Side, OrderType, TimeInForce, SelfTrade);

macro_rules! event {
    ($kind:ident, $fields:expr, { $($field:ident),+ }) => {{
        let mut at = 0..;
        OrderEvent::$kind($kind {
            $($field: Given::given(&$fields.get_item(at.next().expect("endless"))?)?),+
        })
    }};
}

/// The order event of a kind by its fields, in the order of `partita.schemas.orders`.
fn event_of(kind: &str, fields: &Bound<'_, PyTuple>) -> PyResult<OrderEvent> {
    Ok(match kind {
        "NewOrder" => event!(NewOrder, fields, {
            order_id, account, side, r#type, time_in_force, price, size, funds, post_only,
            self_trade, expire_ms, maker_fee_ppm, taker_fee_ppm
        }),
        "CancelOrder" => event!(CancelOrder, fields, { order_id, account, request }),
        "AmendOrder" => {
            event!(AmendOrder, fields, { order_id, account, price, size, top_up, request })
        }
        "CancelOrders" => event!(CancelOrders, fields, { account, request }),
        _ => return Err(PyValueError::new_err(format!("{kind} is no order event"))),
    })
}

/// An event as (kind, fields in the order of `partita.matchers.events`).
fn told<'py>(py: Python<'py>, event: &BookEvent) -> PyResult<Bound<'py, PyAny>> {
    Ok(match *event {
        BookEvent::Opened(e) => (
            "Opened",
            (e.order_id, e.account, e.side.symbol(), e.price, e.size),
        )
            .into_pyobject(py)?
            .into_any(),
        BookEvent::Traded(e) => (
            "Traded",
            (
                e.trade_id,
                e.maker_order_id,
                e.maker_account,
                e.taker_order_id,
                e.taker_account,
                e.taker_side.symbol(),
                e.price,
                e.size,
                e.maker_fee,
                e.taker_fee,
            ),
        )
            .into_pyobject(py)?
            .into_any(),
        BookEvent::Changed(e) => (
            "Changed",
            (
                e.order_id,
                e.account,
                e.side.symbol(),
                e.price,
                e.size,
                e.top_up,
                e.request,
                e.kept_place,
            ),
        )
            .into_pyobject(py)?
            .into_any(),
        BookEvent::Done(e) => (
            "Done",
            (
                e.order_id,
                e.account,
                e.side.symbol(),
                e.price,
                e.size,
                e.outcome.symbol(),
                e.reason.symbol(),
                e.request,
                e.was_open,
            ),
        )
            .into_pyobject(py)?
            .into_any(),
        BookEvent::Refused(e) => (
            "Refused",
            (
                e.order_id,
                e.account,
                e.reason.symbol(),
                e.top_up,
                e.request,
            ),
        )
            .into_pyobject(py)?
            .into_any(),
        BookEvent::OrdersCancelled(e) => ("OrdersCancelled", (e.account, e.count, e.request))
            .into_pyobject(py)?
            .into_any(),
    })
}

#[pymethods]
impl Book {
    /// Make an empty book by the record of its rules.
    #[new]
    fn new(rules: &[u8]) -> PyResult<Self> {
        Ok(Self {
            book: Mutex::new(Inner::new(rules_of(rules)?)),
        })
    }

    /// Return the largest log time of what was applied.
    fn time_ms(&self) -> i64 {
        self.book().time_ms()
    }

    /// Return the earliest expiry of a resting order.
    fn next_expiry_ms(&self) -> Option<i64> {
        self.book().next_expiry_ms()
    }

    /// Return how many rows its state has, about.
    fn rows(&self) -> usize {
        self.book().rows()
    }

    /// Return trade id, price and size of the last trade.
    fn last_trade(&self) -> (i64, i64, i64) {
        self.book().last_trade()
    }

    /// Apply an event of a kind by its fields; return what happened.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        fields: &Bound<'py, PyTuple>,
        time_ms: i64,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let event = event_of(kind, fields)?;
        let mut events = Vec::new();
        asserted(|| {
            self.book()
                .apply(&event, time_ms, &mut |event| events.push(event));
        })?;
        events.iter().map(|event| told(py, event)).collect()
    }

    /// Let time pass; return what happened.
    fn advance<'py>(&self, py: Python<'py>, time_ms: i64) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut events = Vec::new();
        self.book()
            .advance(time_ms, &mut |event| events.push(event));
        events.iter().map(|event| told(py, event)).collect()
    }

    /// Take rules of a newer version; return whether they were newer.
    fn change_rules(&self, rules: &[u8]) -> PyResult<bool> {
        let rules = rules_of(rules)?;
        asserted(|| self.book().change_rules(rules))
    }

    /// Return (price, size, orders) of the best level of a side.
    fn best(&self, side: &str) -> Option<(i64, i128, usize)> {
        self.book().best(side_of(side)).as_ref().map(level)
    }

    /// Return (price, size, orders) of at most count levels of a side, best first.
    fn depth(&self, side: &str, count: usize) -> Vec<(i64, i128, usize)> {
        self.book()
            .depth(side_of(side), count)
            .iter()
            .map(level)
            .collect()
    }

    /// Return the whole state as the record of a book without edges.
    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let edges = BookEdges {
            from_shards: Vec::new(),
            to_shards: Vec::new(),
            to_everyone: EdgeState::default(),
        };
        PyBytes::new(
            py,
            &book_snapshot::write(&self.book().snapshot(), &edges, 0),
        )
    }

    /// Take the state of a record in place of the own one.
    fn restore(&self, data: &[u8]) -> PyResult<()> {
        let snapshot = book_snapshot::read(data)?;
        *self.book() = asserted(|| Inner::restore(snapshot.state))?;
        Ok(())
    }

    /// Return the digest of the state.
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.book().state_hash())
    }

    /// Assert every invariant.
    fn check(&self) -> PyResult<()> {
        asserted(|| self.book().check())
    }
}
