//! Any bytes as a record: they are read as what they are, or refused, and nothing panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use partita_native::bulk::Bulk;
use partita_native::core::again::again;
use partita_native::core::books::matcher_core;
use partita_native::core::ledger::ledger_core;
use partita_native::core::{Core, Machines};
use partita_native::schemas::enums::Line;
use partita_native::schemas::heads;

/// Read bytes in each way there is. The first byte says of which schema they are said to be: the
/// fuzzer would not guess 80 bits.
pub fn target(data: &[u8]) {
    let Some((schema, body)) = data.split_first() else {
        return;
    };
    let schema = usize::from(*schema);
    let mut record = Vec::with_capacity(body.len() + 10);
    if let Some((_, head)) = heads::ALL.get(schema) {
        record.extend_from_slice(head);
    }
    record.extend_from_slice(body);

    if let Ok(written) = again(&record) {
        // What is read is written so that it is read again as the same.
        assert_eq!(again(&written).as_ref(), Ok(&written), "{record:?}");
    }
    let _refused = Bulk::new("fuzz-id", vec![0; 2]).take(0, &record, 1);
    restored(matcher_core(2, Line::A), &record);
    restored(ledger_core(2, Line::A), &record);
}

/// From a machine that was made from whatever is sound, another can be made.
fn restored<M: Machines>(mut core: Core<M>, record: &[u8]) {
    if core.open(0, &[(0, record)]).is_err() {
        return;
    }
    // Tables that contradict each other are nobody's: what comes of them matters to nobody.
    if catch_unwind(AssertUnwindSafe(|| core.check())).is_err() {
        return;
    }
    let machines = core.machines(0);
    let name = machines.marks().remove(0).name;
    let (written, hash) = (machines.snapshot(&name), machines.state_hash(&name));
    let given = written.clone().expect("the one machine");
    core.open(0, &[(0, &given)]).expect("its own snapshot");
    let machines = core.machines(0);
    assert_eq!(machines.snapshot(&name), written, "{name}");
    assert_eq!(machines.state_hash(&name), hash, "{name}");
}
