//! Any bytes as a record: they are read as what they are, or refused, and nothing panics.

use partita_native::bulk::Bulk;
use partita_native::core::Machines;
use partita_native::core::again::again;
use partita_native::core::books::Books;
use partita_native::core::ledger::Ledger;
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
    let _refused = Bulk::new("fuzz-id", 2).take(0, &record, 1);
    restored(Books::new(0, 2, Line::A), &record);
    restored(Ledger::new(0, 2, Line::A), &record);
}

/// Whatever a machine is made from, it is a sound one, and another can be made from it.
fn restored<M: Machines>(mut machines: M, record: &[u8]) {
    if machines.restore(record, 0).is_err() {
        return;
    }
    machines.check();
    let name = machines.marks().remove(0).name;
    let written = machines.snapshot(&name).expect("the one machine");
    let hash = machines.state_hash(&name);
    machines.restore(&written, 0).expect("its own snapshot");
    assert_eq!(machines.snapshot(&name), Some(written), "{name}");
    assert_eq!(machines.state_hash(&name), hash, "{name}");
}
