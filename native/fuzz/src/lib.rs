//! The fuzzer's targets, and how they speak.

pub mod targets;

use std::cell::RefCell;
use std::panic::{catch_unwind, resume_unwind, set_hook};

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Let panics be quiet: a core that parks a partition for rubbish is no finding.
pub fn quiet() {
    set_hook(Box::new(|panic| {
        SAID.with(|said| *said.borrow_mut() = panic.to_string());
    }));
}

/// Run a target; tell what a panic said that nobody caught, which is a finding.
pub fn loud(target: fn(&[u8]), data: &[u8]) {
    if let Err(panic) = catch_unwind(|| target(data)) {
        SAID.with(|said| eprintln!("{}", said.borrow()));
        resume_unwind(panic);
    }
}
