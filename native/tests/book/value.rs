//! A book as a value; rules that change.

use crate::made::{book, buy, ends, opened, place, placed, rules, sell};
use partita_native::book::Book;
use partita_native::schemas::enums::{InstrumentStatus, Outcome, Reason};
use partita_native::schemas::instrument::Instrument;

#[test]
fn a_restored_book_is_the_same_and_goes_on_the_same() {
    let mut one = book();
    placed(
        &mut one,
        &[sell(1, 10, 5), sell(2, 10, 5), buy(3, 9, 5), buy(4, 10, 2)],
    );
    let mut other = Book::restore(one.snapshot());
    other.check();
    assert_eq!(other.snapshot(), one.snapshot());
    assert_eq!(other.state_hash(), one.state_hash());
    assert_eq!(
        place(&mut other, buy(5, 10, 9)),
        place(&mut one, buy(5, 10, 9))
    );
    assert_eq!(other.state_hash(), one.state_hash());
}

#[test]
fn the_hash_of_an_empty_book_is_the_reference_s() {
    let hash = book()
        .state_hash()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    assert_eq!(
        hash,
        "256444e1daac39f7d9a2c16b521cd46111024794b9d8338c9b543470290c1a7b"
    );
}

#[test]
fn a_halted_book_only_cancels() {
    let mut book = book();
    let halt = |version| Instrument {
        version,
        status: InstrumentStatus::Halted,
        ..rules()
    };
    assert!(!book.change_rules(halt(1)));
    assert!(book.change_rules(halt(2)));
    let told = place(&mut book, buy(1, 9, 5));
    assert_eq!(ends(&told), [(1, 5, Outcome::Rejected, Reason::NotTrading)]);
    assert_eq!(opened(&told), []);
}
