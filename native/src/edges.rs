//! Edges: how events between two machines are numbered by the one and taken by the other
//! (`partita.log.edges`).

use crate::avro::{Broken, Reader, Result};
use crate::chain::{Chain, Event};

/// An end of an edge as a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeState {
    /// Of the last event, 0 before the first.
    pub number: i64,
    /// Over all events so far.
    pub chain: i64,
}

impl EdgeState {
    /// Read the number and the chain that a snapshot has.
    ///
    /// # Errors
    /// They cannot be read, or are of no edge.
    pub fn read(input: &mut Reader<'_>) -> Result<Self> {
        let (number, chain) = (input.long()?, input.long()?);
        if number < 0 || u32::try_from(chain).is_err() {
            return Err(Broken("an edge has a number from 0 and a chain of 32 bits"));
        }
        Ok(Self { number, chain })
    }
}

/// What a receiver makes of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some or all of its events are new.
    Taken,
    /// It has them all.
    Duplicate,
    /// Events before it are missing; the edge waits for them.
    Gap,
    /// Its past is not the receiver's past: that line has diverged.
    Refused,
}

/// Where an edge's events stand in an outbox; see `outbox`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handle {
    pub record: u64, // at which the run was last marked
    pub turn: u64,   // in which batch and edge are places
    pub run: usize,
    pub batch: usize,
    pub edge: usize,
}

/// The sender's end.
#[derive(Clone, Debug, Default)]
pub struct OutEdge {
    number: i64,
    chain: Chain,
    pub(crate) handle: Handle,
}

impl OutEdge {
    /// Go on from a state.
    #[must_use]
    pub fn restored(state: EdgeState) -> Self {
        Self {
            number: state.number,
            chain: Chain::from_value(low_half(state.chain)),
            handle: Handle::default(),
        }
    }

    /// The number of the last event.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Number an event.
    #[inline]
    pub(crate) fn put(&mut self, event: &impl Event, time_ms: i64) {
        self.number += 1;
        self.chain.put(event, time_ms);
    }

    /// This end as a value.
    pub fn state(&mut self) -> EdgeState {
        EdgeState {
            number: self.number,
            chain: i64::from(self.chain.value()),
        }
    }
}

/// The receiver's end.
#[derive(Clone, Debug, Default)]
pub struct InEdge {
    number: i64,
    chain: u32,
}

impl InEdge {
    /// Go on from a state.
    #[must_use]
    pub fn restored(state: EdgeState) -> Self {
        Self {
            number: state.number,
            chain: low_half(state.chain),
        }
    }

    /// Judge a group that starts at number `first` after `chain`; return what is new in it.
    ///
    /// The events returned count as taken: the caller must apply them all.
    pub fn take<'e, E: Event>(
        &mut self,
        first: i64,
        chain: i64,
        events: &'e [E],
    ) -> (Verdict, &'e [E]) {
        let known = i128::from(self.number) - i128::from(first) + 1;
        if known < 0 {
            return (Verdict::Gap, &[]);
        }
        let Some((known, new)) = usize::try_from(known)
            .ok()
            .and_then(|known| events.split_at_checked(known))
        else {
            return (Verdict::Duplicate, &[]);
        };
        let agrees = if known.is_empty() {
            chain == i64::from(self.chain)
        } else {
            rolled(low_half(chain), known) == self.chain
        };
        if !agrees {
            return (Verdict::Refused, &[]);
        }
        if new.is_empty() {
            return (Verdict::Duplicate, &[]);
        }
        self.number += i64::try_from(new.len()).expect("events are counted in 63 bits");
        self.chain = rolled(self.chain, new);
        (Verdict::Taken, new)
    }

    /// This end as a value.
    #[must_use]
    pub fn state(&self) -> EdgeState {
        EdgeState {
            number: self.number,
            chain: i64::from(self.chain),
        }
    }
}

fn rolled<E: Event>(value: u32, events: &[E]) -> u32 {
    let mut chain = Chain::from_value(value);
    for event in events {
        chain.put(event, 0);
    }
    chain.value()
}

/// What a 32-bit hash takes of a number that a record may hold.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // as Python's zlib takes it
fn low_half(chain: i64) -> u32 {
    chain as u32
}
