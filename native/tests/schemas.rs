//! The declared messages are those of `schemas/avro`: names, order and types of fields, symbols, and
//! the members of unions.

use std::fs;

use partita_native::schemas::{accounts, commands, enums, feed, instrument, orders, reports};
use serde_json::Value;

fn schema(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/avro");
    let text = fs::read_to_string(format!("{folder}/{name}.avsc")).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn list<'v>(of: &'v Value, name: &str) -> &'v Vec<Value> {
    of[name].as_array().expect(name)
}

/// Whether a type of Rust, as it is written, holds what a type of Avro may be.
fn holds(kind: &str, avro: &Value) -> bool {
    match kind {
        "i64" => avro == "int" || avro == "long",
        "bool" => avro == "boolean",
        "&'a str" | "String" => avro == "string",
        "i128" => avro["logicalType"] == "int128",
        name => *avro == format!("partita.{name}"),
    }
}

fn assert_record(name: &str, fields: &[&str], kinds: &[&str]) {
    let found = schema(name);
    let theirs = list(&found, "fields");
    assert_eq!(fields.len(), theirs.len(), "{name}");
    for ((field, kind), theirs) in fields.iter().zip(kinds).zip(theirs) {
        let field = field.trim_start_matches("r#");
        assert_eq!(theirs["name"], field, "{name}");
        let avro = &theirs["type"];
        assert!(holds(kind, avro), "{name}.{field}: {kind} for {avro}");
    }
}

macro_rules! records {
    ($($name:literal: $kind:ty),+ $(,)?) => {
        $(assert_record($name, <$kind>::FIELDS, <$kind>::KINDS);)+
    };
}

#[test]
fn records_have_the_fields_of_their_schemas() {
    records! {
        "partita.Instrument": instrument::Instrument,
        "partita.orders.NewOrder": orders::NewOrder,
        "partita.orders.CancelOrder": orders::CancelOrder,
        "partita.orders.AmendOrder": orders::AmendOrder,
        "partita.orders.CancelOrders": orders::CancelOrders,
        "partita.commands.Place": commands::Place<'_>,
        "partita.commands.Cancel": commands::Cancel<'_>,
        "partita.commands.Amend": commands::Amend<'_>,
        "partita.commands.CancelAll": commands::CancelAll<'_>,
        "partita.commands.Transfer": commands::Transfer<'_>,
        "partita.commands.Inquire": commands::Inquire<'_>,
        "partita.reports.Opened": reports::Opened,
        "partita.reports.Filled": reports::Filled,
        "partita.reports.Changed": reports::Changed,
        "partita.reports.Done": reports::Done,
        "partita.reports.Refused": reports::Refused,
        "partita.reports.OrdersCancelled": reports::OrdersCancelled,
        "partita.accounts.Received": accounts::Received<'_>,
        "partita.accounts.Accepted": accounts::Accepted<'_>,
        "partita.accounts.Rejected": accounts::Rejected<'_>,
        "partita.accounts.Opened": accounts::Opened,
        "partita.accounts.Filled": accounts::Filled,
        "partita.accounts.Changed": accounts::Changed,
        "partita.accounts.Done": accounts::Done,
        "partita.accounts.Balance": accounts::Balance,
        "partita.accounts.OrderStatus": accounts::OrderStatus<'_>,
        "partita.accounts.Answered": accounts::Answered<'_>,
        "partita.accounts.Total": accounts::Total,
        "partita.feed.Opened": feed::Opened,
        "partita.feed.Traded": feed::Traded,
        "partita.feed.Changed": feed::Changed,
        "partita.feed.Done": feed::Done,
    }
}

macro_rules! symbols {
    ($($name:ident),+ $(,)?) => {
        $({
            let found = schema(concat!("partita.", stringify!($name)));
            let theirs: Vec<_> = list(&found, "symbols").iter().map(|one| one.as_str().unwrap()).collect();
            assert_eq!(enums::$name::SYMBOLS, theirs, stringify!($name));
        })+
    };
}

#[test]
fn enums_have_the_symbols_of_their_schemas() {
    symbols!(
        InstrumentStatus,
        Line,
        Liquidity,
        OrderState,
        OrderType,
        Outcome,
        Question,
        Reason,
        SelfTrade,
        Side,
        TimeInForce,
    );
}

/// Require the members of the union that the items of a record's last field are.
fn assert_union(name: &str, members: &[(&str, i64)]) {
    let found = schema(name);
    let union = &list(&found, "fields").last().expect("a field")["type"]["items"];
    let theirs = union.as_array().expect("a union");
    assert_eq!(members.len(), theirs.len(), "{name}");
    for (at, ((member, place), theirs)) in members.iter().zip(theirs).enumerate() {
        let full = theirs.as_str().expect("a name");
        assert_eq!(full.rsplit('.').next(), Some(*member), "{name}");
        assert_eq!(usize::try_from(*place), Ok(at), "{name}: {member}");
    }
}

#[test]
fn unions_have_the_members_of_their_schemas() {
    assert_union("partita.orders.OrderGroup", orders::OrderEvent::MEMBERS);
    assert_union("partita.reports.ReportGroup", reports::Report::MEMBERS);
    assert_union("partita.commands.CommandBatch", commands::Command::MEMBERS);
    assert_union(
        "partita.accounts.AccountEventGroup",
        accounts::AccountEvent::MEMBERS,
    );
    assert_union("partita.feed.FeedGroup", feed::FeedEvent::MEMBERS);
}
