//! The rules of matching, and random order flow with every invariant asserted on the way.

mod amend;
mod made;
mod matching;
mod random;
mod self_trade;
mod value;
