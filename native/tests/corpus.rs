//! What the fuzzer has found worth keeping, as plain tests.

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("a corpus")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        println!("{}", file.display()); // shown when it fails
        target(&fs::read(&file).expect("it can be read"));
    }
}

#[test]
fn any_bytes_are_read_or_refused() {
    replay("decode", targets::decode::target);
}

#[test]
fn books_stay_sound_whatever_shards_say() {
    replay("apply_orders", targets::apply_orders::target);
}

#[test]
fn money_is_conserved_whatever_clients_say() {
    replay("apply_commands", targets::apply_commands::target);
}
