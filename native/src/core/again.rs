//! What a record holds, written again: how tests compare what two readers take.

use crate::avro::{Value, put_bytes, put_length, put_long};
use crate::core::record::{Result, opened};
use crate::core::{book_snapshot, books, columns, ledger, shard_snapshot};
use crate::limits::SNAPSHOT_BYTES_MAX;
use crate::schemas::heads;

/// Decode a record that a core reads, and encode it as a writer would; without its seal.
///
/// # Errors
/// No core reads it.
pub fn again(record: &[u8]) -> Result<Vec<u8>> {
    let (_, head, _) = opened(record, SNAPSHOT_BYTES_MAX)?;
    match head {
        heads::BOOK_SNAPSHOT => {
            let snapshot = book_snapshot::read(record)?;
            let (state, edges) = (&snapshot.state, &snapshot.edges);
            Ok(book_snapshot::write(state, edges, snapshot.first_offset))
        }
        heads::SHARD_SNAPSHOT => {
            let (state, edges) = shard_snapshot::read(record)?;
            Ok(shard_snapshot::write_state(&state, &edges))
        }
        heads::COMMAND_BATCH | heads::REPORT_BATCH => {
            Ok(of_ledger(head, &ledger::decoded(record)?))
        }
        _ => Ok(of_matcher(head, &books::decoded(record)?)),
    }
}

fn of_ledger(head: heads::Head, message: &ledger::Message<'_>) -> Vec<u8> {
    let mut out = head.to_vec();
    put_bytes(b"", &mut out);
    match message {
        ledger::Message::Commands(commands) => {
            columns::put(commands, &mut out, Value::write);
        }
        ledger::Message::Reports { line, groups } => {
            line.write(&mut out);
            columns::put(groups, &mut out, |group, out| {
                put_long(group.instrument_id, out);
                put_long(group.first, out);
                put_long(group.chain, out);
                columns::put(&group.events, out, Value::write);
            });
        }
    }
    out
}

fn of_matcher(head: heads::Head, message: &books::Message) -> Vec<u8> {
    let mut out = head.to_vec();
    match message {
        books::Message::Rules(rules) => rules.write(&mut out),
        books::Message::Tick => put_length(0, &mut out),
        books::Message::Orders {
            line,
            shard,
            groups,
        } => {
            put_bytes(b"", &mut out);
            line.write(&mut out);
            put_long(*shard, &mut out);
            columns::put(groups, &mut out, |group, out| {
                put_long(group.instrument_id, out);
                put_long(group.first, out);
                put_long(group.chain, out);
                columns::put(&group.events, out, Value::write);
            });
        }
    }
    out
}
