//! A book as a machine on the log: the book itself, and its edges in and out
//! (`partita.matchers.machine`, `report`, `publish`).

use crate::avro::{Value, put_bytes, put_long};
use crate::book::Book;
use crate::book::events::BookEvent;
use crate::core::book_snapshot;
use crate::core::group::Group;
use crate::digest::Digest;
use crate::edges::{EdgeState, InEdge, OutEdge, Verdict};
use crate::outbox::{Outbox, Outgoing, Stream, Topic};
use crate::schemas::enums::{Line, Liquidity, Side};
use crate::schemas::feed::{self, FeedEvent};
use crate::schemas::heads;
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::{self, Report};

/// One book with its edges: from each shard, to each shard, and to everyone.
#[derive(Clone, Debug)]
pub struct BookMachine {
    /// The book.
    pub book: Book,
    /// Where its listing stands: whoever speaks to it before that speaks to nobody.
    pub first_offset: i64,
    /// Records below this are in its state already.
    pub position: i64,
    /// Groups, rules and ticks that it was given; for telling an idle book.
    pub taken: i64,
    /// Whether it may have a new ticker.
    pub touched: bool,
    voice: Voice,
    from_shards: Vec<InEdge>,
    ticker_number: i64, // of the last feed event that a ticker has covered
}

/// What a book says, and to whom.
#[derive(Clone, Debug)]
struct Voice {
    instrument_id: i64,
    partition: i64,
    line: Line,
    to_shards: Vec<OutEdge>,
    to_everyone: OutEdge,
}

impl BookMachine {
    /// Put a book on a partition.
    #[must_use]
    pub fn new(book: Book, partition: i64, shards: usize, line: Line, first_offset: i64) -> Self {
        Self {
            voice: Voice {
                instrument_id: book.instrument().instrument_id,
                partition,
                line,
                to_shards: vec![OutEdge::default(); shards],
                to_everyone: OutEdge::default(),
            },
            book,
            first_offset,
            position: 0,
            taken: 0,
            touched: false,
            from_shards: vec![InEdge::default(); shards],
            ticker_number: 0,
        }
    }

    /// Its symbol.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.book.instrument().symbol
    }

    /// Its whole state as bytes.
    #[must_use]
    pub fn snapshot(&mut self) -> Vec<u8> {
        book_snapshot::write(&self.book.snapshot(), &self.edges(), self.first_offset)
    }

    /// How many rows its state has, about.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.book.rows()
    }

    /// Judge a group from a shard, and apply what is new in it.
    pub fn take(
        &mut self,
        shard: usize,
        group: &Group<OrderEvent>,
        time_ms: i64,
        outbox: &mut Outbox,
    ) -> Verdict {
        self.taken += 1;
        let edge = &mut self.from_shards[shard];
        let (verdict, events) = edge.take(group.first, group.chain, &group.events);
        // A book's time never goes back.
        let book_ms = self.book.time_ms().max(time_ms);
        for event in events {
            let (mut tells, voice) = (Telling::default(), &mut self.voice);
            self.book.apply(event, time_ms, &mut |event| {
                tells.report(&event, voice, outbox);
                tells.publish(&event, book_ms, voice, outbox);
            });
        }
        verdict
    }

    /// Take the numbers of a group, and nothing else of it.
    pub fn skip(&mut self, shard: usize, group: &Group<OrderEvent>) {
        self.taken += 1;
        self.from_shards[shard].take(group.first, group.chain, &group.events);
    }

    /// Let time pass.
    pub fn advance(&mut self, time_ms: i64, outbox: &mut Outbox) {
        self.taken += 1;
        let book_ms = self.book.time_ms().max(time_ms);
        let (mut tells, voice) = (Telling::default(), &mut self.voice);
        self.book.advance(time_ms, &mut |event| {
            tells.report(&event, voice, outbox);
            tells.publish(&event, book_ms, voice, outbox);
        });
    }

    /// Pass the rules in force to every shard and to everyone.
    pub fn announce(&mut self, time_ms: i64, outbox: &mut Outbox) {
        self.advance(time_ms, outbox);
        let rules = Box::new(self.book.instrument().clone());
        let book_ms = self.book.time_ms();
        for shard in 0..self.voice.to_shards.len() {
            let report = Report::Instrument(rules.clone());
            self.voice.tell_shard(shard, &report, outbox);
        }
        let event = FeedEvent::Instrument(rules);
        self.voice.tell_everyone(&event, book_ms, outbox);
    }

    /// The ticker; None when the feed has not moved since it was last returned.
    pub fn ticker(&mut self) -> Option<Outgoing> {
        let number = self.voice.to_everyone.number();
        if self.ticker_number == number {
            return None;
        }
        self.ticker_number = number;
        let book = &self.book;
        let mut out = Vec::with_capacity(96);
        out.extend_from_slice(&heads::TICKER);
        put_bytes(b"", &mut out); // no seal
        self.voice.line.write(&mut out);
        for value in [self.voice.instrument_id, number, book.time_ms()] {
            put_long(value, &mut out);
        }
        for side in [Side::Buy, Side::Sell] {
            let best = book.best(side);
            put_long(best.as_ref().map_or(0, |level| level.price), &mut out);
            // A level's size is the sum of any number of orders; the field is an Avro long.
            let size = best.map_or(0, |level| i64::try_from(level.size).unwrap_or(i64::MAX));
            put_long(size, &mut out);
        }
        let (trade_id, last_price, last_size) = book.last_trade();
        for value in [trade_id, last_price, last_size] {
            put_long(value, &mut out);
        }
        Some(Outgoing {
            topic: Topic::Tickers,
            partition: self.voice.partition,
            key: Some(self.name().as_bytes().to_vec()),
            value: out,
        })
    }

    /// The ends of all edges.
    pub fn edges(&mut self) -> BookEdges {
        BookEdges {
            from_shards: self.from_shards.iter().map(InEdge::state).collect(),
            to_shards: self
                .voice
                .to_shards
                .iter_mut()
                .map(OutEdge::state)
                .collect(),
            to_everyone: self.voice.to_everyone.state(),
        }
    }

    /// Take the edges of a snapshot at a position of the partition.
    pub fn restore_edges(&mut self, edges: &BookEdges, position: i64) {
        let ends = |states: &[EdgeState]| states.iter().copied().map(OutEdge::restored).collect();
        self.from_shards = edges
            .from_shards
            .iter()
            .copied()
            .map(InEdge::restored)
            .collect();
        self.voice.to_shards = ends(&edges.to_shards);
        self.voice.to_everyone = OutEdge::restored(edges.to_everyone);
        self.position = position;
    }

    /// The digest of the book and its edges.
    pub fn state_hash(&mut self) -> [u8; 32] {
        let mut digest = Digest::default();
        digest.tuple(2).bytes(&self.book.state_hash());
        self.edges().digest(&mut digest);
        digest.finish()
    }
}

/// The ends of all edges of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookEdges {
    /// By shard.
    pub from_shards: Vec<EdgeState>,
    /// By shard.
    pub to_shards: Vec<EdgeState>,
    /// One.
    pub to_everyone: EdgeState,
}

impl BookEdges {
    /// Put them into a digest.
    pub fn digest(&self, into: &mut Digest) {
        into.tuple(3);
        for ends in [&self.from_shards, &self.to_shards] {
            into.tuple(ends.len());
            for end in ends {
                digest_end(*end, into);
            }
        }
        digest_end(self.to_everyone, into);
    }
}

/// Put one end of an edge into a digest.
pub fn digest_end(end: EdgeState, into: &mut Digest) {
    into.tuple(2).int(end.number).int(end.chain);
}

impl Voice {
    #[inline]
    fn tell_account(&mut self, account: i64, report: &Report, outbox: &mut Outbox) {
        let shards = i64::try_from(self.to_shards.len()).expect("a count of shards");
        let shard = usize::try_from(account.rem_euclid(shards)).expect("a shard");
        self.tell_shard(shard, report, outbox);
    }

    #[inline]
    fn tell_shard(&mut self, shard: usize, report: &Report, outbox: &mut Outbox) {
        let stream = Stream {
            topic: Topic::AccountCommands,
            sender: 0,
            line: self.line,
        };
        let partition = i64::try_from(shard).expect("a shard");
        let edge = &mut self.to_shards[shard];
        outbox.put(stream, partition, self.instrument_id, edge, report, 0);
    }

    #[inline]
    fn tell_everyone(&mut self, event: &FeedEvent, time_ms: i64, outbox: &mut Outbox) {
        let stream = Stream {
            topic: Topic::Book,
            sender: 0,
            line: self.line,
        };
        let edge = &mut self.to_everyone;
        outbox.put(
            stream,
            self.partition,
            self.instrument_id,
            edge,
            event,
            time_ms,
        );
    }
}

/// What is known of the events that follow from one input.
#[derive(Default)]
struct Telling {
    // An amended order that lost its place: still open when it rests again, and shown where it was
    // until what it takes is over, so that a reader's book is never crossed.
    moving: i64,
}

impl Telling {
    #[inline]
    fn report(&self, event: &BookEvent, voice: &mut Voice, outbox: &mut Outbox) {
        match *event {
            BookEvent::Opened(opened) => {
                if opened.order_id != self.moving {
                    let report = Report::Opened(reports::Opened {
                        order_id: opened.order_id,
                        remaining: opened.size,
                    });
                    voice.tell_account(opened.account, &report, outbox);
                }
            }
            BookEvent::Traded(traded) => {
                let filled = |order_id, fee, liquidity| {
                    Report::Filled(reports::Filled {
                        order_id,
                        trade_id: traded.trade_id,
                        price: traded.price,
                        size: traded.size,
                        fee,
                        liquidity,
                    })
                };
                let maker = filled(traded.maker_order_id, traded.maker_fee, Liquidity::Maker);
                voice.tell_account(traded.maker_account, &maker, outbox);
                let taker = filled(traded.taker_order_id, traded.taker_fee, Liquidity::Taker);
                voice.tell_account(traded.taker_account, &taker, outbox);
            }
            BookEvent::Changed(changed) => {
                let report = Report::Changed(reports::Changed {
                    order_id: changed.order_id,
                    price: changed.price,
                    remaining: changed.size,
                    top_up: changed.top_up,
                    request: changed.request,
                });
                voice.tell_account(changed.account, &report, outbox);
            }
            BookEvent::Done(done) => {
                let report = Report::Done(reports::Done {
                    order_id: done.order_id,
                    outcome: done.outcome,
                    reason: done.reason,
                    remaining: done.size,
                    request: done.request,
                });
                voice.tell_account(done.account, &report, outbox);
            }
            BookEvent::Refused(refused) => {
                let report = Report::Refused(reports::Refused {
                    order_id: refused.order_id,
                    reason: refused.reason,
                    top_up: refused.top_up,
                    request: refused.request,
                });
                voice.tell_account(refused.account, &report, outbox);
            }
            BookEvent::OrdersCancelled(all) => {
                let report = Report::OrdersCancelled(reports::OrdersCancelled {
                    account: all.account,
                    count: all.count,
                    request: all.request,
                });
                voice.tell_account(all.account, &report, outbox);
            }
        }
    }

    #[inline]
    fn publish(&mut self, event: &BookEvent, time_ms: i64, voice: &mut Voice, outbox: &mut Outbox) {
        let told = match *event {
            BookEvent::Opened(opened) if opened.order_id == self.moving => {
                FeedEvent::Changed(feed::Changed {
                    order_id: opened.order_id,
                    price: opened.price,
                    size: opened.size,
                })
            }
            BookEvent::Opened(opened) => FeedEvent::Opened(feed::Opened {
                order_id: opened.order_id,
                side: opened.side,
                price: opened.price,
                size: opened.size,
            }),
            BookEvent::Traded(traded) => FeedEvent::Traded(feed::Traded {
                trade_id: traded.trade_id,
                maker_order_id: traded.maker_order_id,
                taker_order_id: traded.taker_order_id,
                taker_side: traded.taker_side,
                price: traded.price,
                size: traded.size,
            }),
            BookEvent::Changed(changed) if changed.kept_place => {
                FeedEvent::Changed(feed::Changed {
                    order_id: changed.order_id,
                    price: changed.price,
                    size: changed.size,
                })
            }
            BookEvent::Changed(changed) => {
                // Not so when self-trade prevention decreases what comes in (request 0): if that
                // was never in the book it still has to open.
                if changed.request != 0 {
                    self.moving = changed.order_id;
                }
                return;
            }
            BookEvent::Done(done) if done.was_open => FeedEvent::Done(feed::Done {
                order_id: done.order_id,
                outcome: done.outcome,
                size: done.size,
            }),
            // Refusals, and orders that never opened, are between the book and one account.
            BookEvent::Done(_) | BookEvent::Refused(_) | BookEvent::OrdersCancelled(_) => return,
        };
        voice.tell_everyone(&told, time_ms, outbox);
    }
}
