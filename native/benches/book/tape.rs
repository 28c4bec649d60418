//! A tape as order events, made beforehand: what `partita match` tells a book.
//!
//! An amend on a tape names a remaining size and a book wants the total, so a book answers along
//! the way. Rows that no ledger would forward are not on the tapes that this reads, and fail.

use flate2::read::GzDecoder;
use partita_native::book::Book;
use partita_native::book::events::BookEvent;
use partita_native::limits::AMOUNT_MAX;
use partita_native::schemas::enums::{InstrumentStatus, OrderType, SelfTrade, Side, TimeInForce};
use partita_native::schemas::instrument::Instrument;
use partita_native::schemas::orders::{AmendOrder, CancelOrder, NewOrder, OrderEvent};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// An event and its time.
pub type Input = (OrderEvent, i64);

/// A tape ready to be applied.
pub struct Tape {
    /// Rules that refuse nothing.
    pub instrument: Instrument,
    /// What the book is told.
    pub inputs: Vec<Input>,
}

/// Rules with a tick and a lot of so many decimals each, as `partita match` makes them.
#[must_use]
pub fn instrument(symbol: &str, price_decimals: u32, size_decimals: u32) -> Instrument {
    let (base, quote) = symbol.split_once('-').unwrap_or((symbol, ""));
    Instrument {
        instrument_id: 1,
        version: 1,
        symbol: symbol.to_owned(),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: 1,
        base_asset: base.to_owned(),
        base_decimals: i64::from(size_decimals),
        quote_asset_id: 2,
        quote_asset: quote.to_owned(),
        quote_decimals: i64::from(price_decimals + size_decimals),
        tick: 10_i64.pow(size_decimals),
        lot: 1,
        notional_unit: 1,
        min_size: 1,
        max_size: AMOUNT_MAX,
        max_price: AMOUNT_MAX,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
    }
}

struct Live {
    side: Side,
    price: i64,
    size: i64,
    filled: i64,
}

/// Ids and fills, which a book does not remember.
#[derive(Default)]
struct Orders {
    numbers: HashMap<(i64, String), i64>,
    live: HashMap<i64, Live>,
}

impl Orders {
    fn follow(&mut self, event: &BookEvent) {
        match event {
            BookEvent::Traded(trade) => {
                for order in [trade.maker_order_id, trade.taker_order_id] {
                    self.live.get_mut(&order).expect("live").filled += trade.size;
                }
            }
            BookEvent::Done(done) => {
                self.live.remove(&done.order_id);
            }
            BookEvent::Changed(changed) => {
                let order = self.live.get_mut(&changed.order_id).expect("live");
                order.price = changed.price;
                order.size = order.filled + changed.size;
            }
            _ => {}
        }
    }
}

struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    cells: Vec<&'a str>,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        let cell = *self.cells.get(*self.columns.get(column)?)?;
        (!cell.is_empty()).then_some(cell)
    }

    fn int(&self, column: &str) -> Option<i64> {
        self.text(column)
            .map(|text| text.parse().expect("a whole number"))
    }

    /// Steps of a decimal; 0 when it is not given.
    fn steps(&self, column: &str, decimals: u32) -> i64 {
        let Some(text) = self.text(column) else {
            return 0;
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let width = decimals as usize;
        assert!(fraction.len() <= width, "on the grid");
        format!("{whole}{fraction:0<width$}")
            .parse()
            .expect("steps")
    }
}

fn text_of(path: &str) -> String {
    let file = File::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut text = String::new();
    let is_gzip = std::path::Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "gz");
    let read = if is_gzip {
        GzDecoder::new(file).read_to_string(&mut text)
    } else {
        BufReader::new(file).read_to_string(&mut text)
    };
    read.unwrap_or_else(|error| panic!("{path}: {error}"));
    text
}

/// Read a tape of one symbol; its columns `funds`, `post_only`, `stp`, `expire_ms` are not read.
#[must_use]
pub fn read(path: &str, price_decimals: u32, size_decimals: u32) -> Tape {
    let text = text_of(path);
    let mut lines = text.as_bytes().lines().map(|line| line.expect("a line"));
    let header = lines.next().expect("a header");
    let names = header.split(',').map(str::to_owned);
    let columns: HashMap<String, usize> = names.zip(0..).collect();
    let mut orders = Orders::default();
    let mut tape = Tape {
        instrument: instrument("X-Y", price_decimals, size_decimals),
        inputs: Vec::new(),
    };
    let mut book = Book::new(tape.instrument.clone());
    for (seq, line) in (0..).zip(lines) {
        let row = Row {
            columns: &columns,
            cells: line.split(',').collect(),
        };
        if seq == 0 {
            let symbol = row.text("symbol").unwrap_or("BTC-USD");
            tape.instrument = instrument(symbol, price_decimals, size_decimals);
            book = Book::new(tape.instrument.clone());
        }
        let time_ms = row.int("time_ms").unwrap_or(0).max(book.time_ms());
        let event = event(&mut orders, &row, seq, (price_decimals, size_decimals));
        book.apply(&event, time_ms, &mut |told| orders.follow(&told));
        tape.inputs.push((event, time_ms));
    }
    tape
}

fn event(orders: &mut Orders, row: &Row<'_>, seq: i64, decimals: (u32, u32)) -> OrderEvent {
    let account = row.int("account").expect("an account");
    let id = (account, row.text("id").expect("an id").to_owned());
    let request = seq + 1;
    match row.text("op").unwrap_or("place") {
        "place" => OrderEvent::NewOrder(place(orders, row, id, decimals)),
        "cancel" => OrderEvent::CancelOrder(CancelOrder {
            order_id: orders.numbers.get(&id).copied().unwrap_or(0),
            account,
            request,
        }),
        "amend" => {
            let order_id = orders.numbers.get(&id).copied().unwrap_or(0);
            let price = row.steps("price", decimals.0);
            let remaining = row.steps("size", decimals.1);
            let (price, size, top_up) =
                orders
                    .live
                    .get(&order_id)
                    .map_or((price, remaining, 0), |live| {
                        let price = if price == 0 { live.price } else { price };
                        let size = if remaining == 0 {
                            live.size
                        } else {
                            live.filled + remaining
                        };
                        let needed = match live.side {
                            Side::Buy => price * size,
                            Side::Sell => size,
                        };
                        (price, size, needed)
                    });
            OrderEvent::AmendOrder(AmendOrder {
                order_id,
                account,
                price,
                size,
                top_up,
                request,
            })
        }
        other => panic!("no such op: {other}"),
    }
}

fn place(orders: &mut Orders, row: &Row<'_>, id: (i64, String), decimals: (u32, u32)) -> NewOrder {
    let order_id = i64::try_from(orders.numbers.len()).expect("a number") + 1;
    let side = match row.text("side") {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        other => panic!("no such side: {other:?}"),
    };
    let r#type = match row.text("type") {
        None | Some("limit") => OrderType::Limit,
        Some("market") => OrderType::Market,
        other => panic!("no such type: {other:?}"),
    };
    let time_in_force = match row.text("tif") {
        None if r#type == OrderType::Market => TimeInForce::Ioc,
        None | Some("GTC") => TimeInForce::Gtc,
        Some("IOC") => TimeInForce::Ioc,
        Some("FOK") => TimeInForce::Fok,
        other => panic!("no such tif: {other:?}"),
    };
    let (price, size) = (
        row.steps("price", decimals.0),
        row.steps("size", decimals.1),
    );
    let funds = if r#type == OrderType::Market && side == Side::Buy {
        AMOUNT_MAX
    } else {
        0
    };
    let account = id.0;
    orders.numbers.insert(id, order_id);
    let live = Live {
        side,
        price,
        size,
        filled: 0,
    };
    orders.live.insert(order_id, live);
    NewOrder {
        order_id,
        account,
        side,
        r#type,
        time_in_force,
        price,
        size,
        funds,
        post_only: false,
        self_trade: SelfTrade::Dc,
        expire_ms: 0,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
    }
}
