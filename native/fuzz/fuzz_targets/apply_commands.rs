//! cargo-fuzz's way into the target of this name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partita_native_fuzz::{loud, targets};

fuzz_target!(init: partita_native_fuzz::quiet(), |data: &[u8]| loud(targets::apply_commands::target, data));
