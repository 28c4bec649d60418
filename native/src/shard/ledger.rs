//! The steps that commands and reports share.

use crate::limits::{ID_CHARACTERS_MAX, ID_MARGIN_MS, LIFE_REMEMBERED_MS_MAX};
use crate::schemas::accounts::{Accepted, AccountEvent, Balance, OrderStatus, Received, Rejected};
use crate::schemas::commands::Command;
use crate::schemas::enums::{OrderState, OrderType, Reason};
use crate::shard::ahead::STRETCH;
use crate::shard::content::content;
use crate::shard::id::Id;
use crate::shard::journal::Line;
use crate::shard::memory::{Known, Said, tag};
use crate::shard::orders::Order;
use crate::shard::slab::{NOWHERE, Row};
use crate::shard::{Shard, ShardOutput, validate};

/// Stretches of rows looked at for each stretch of commands or reports. One would do: each row is
/// looked at once when it is due, and once more after a repeat has extended it.
pub(super) const FORGOTTEN_AT_ONCE: usize = 2;

/// What all commands have.
pub struct Head<'a> {
    /// The command itself.
    pub command: &'a Command<'a>,
    /// Who commands.
    pub account: i64,
    /// The client's identifier of it, any text.
    pub command_id: &'a str,
    /// How long to try.
    pub valid_until_ms: i64,
    /// The identifier, none when it cannot be one.
    pub id: Id,
    /// Its tag in the memory.
    pub tag: u32,
}

impl<'a> Head<'a> {
    /// The head of a command.
    #[inline]
    pub fn of(command: &'a Command<'a>) -> Self {
        let (account, command_id, valid_until_ms) = match command {
            Command::Place(it) => (it.account, it.command_id, it.valid_until_ms),
            Command::Cancel(it) => (it.account, it.command_id, it.valid_until_ms),
            Command::Amend(it) => (it.account, it.command_id, it.valid_until_ms),
            Command::CancelAll(it) => (it.account, it.command_id, it.valid_until_ms),
            Command::Transfer(it) => (it.account, it.command_id, it.valid_until_ms),
            Command::Inquire(it) => (it.account, it.command_id, it.valid_until_ms),
        };
        let id = Id::new(command_id).unwrap_or(Id::NONE);
        Self {
            command,
            account,
            command_id,
            valid_until_ms,
            id,
            tag: tag(account, &id),
        }
    }
}

/// A cancel, amend or cancel-all that the book has not answered yet. Who asked by which command is
/// with its id, which is pinned.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The shard's number of it; 0: a free place.
    pub number: i64,
    /// What an amend brought on top of the order's hold.
    pub top_up: i64,
    /// The place of the instrument whose book was asked.
    pub instrument: u32,
    /// The place of the order; nowhere: all.
    pub order: u32,
    /// The place of the id.
    pub known: u32,
}

impl Row for Request {
    const FREE: Self = Self {
        number: 0,
        top_up: 0,
        instrument: NOWHERE,
        order: NOWHERE,
        known: NOWHERE,
    };

    fn is_free(&self) -> bool {
        self.number == 0
    }
}

// Numbers given in turn have tags in turn.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn request_tag(request: i64) -> u32 {
    request as u32
}

/// The refusal of a command that is not remembered.
pub fn unremembered<'a>(head: &Head<'a>, reason: Reason) -> AccountEvent<'a> {
    // An id that is refused may have any length; what is said must fit a record.
    let text = head.command_id;
    let end = text.char_indices().nth(ID_CHARACTERS_MAX);
    AccountEvent::Rejected(Rejected {
        account: head.account,
        command_id: end.map_or(text, |(end, _)| &text[..end]),
        reason,
        order_id: 0,
        repeated: false,
    })
}

impl Shard {
    /// Let time pass, and drop some of what has ended; an order goes with the id that placed it.
    #[inline]
    pub(super) fn advance(&mut self, time_ms: i64) {
        if time_ms > self.time_ms {
            self.time_ms = time_ms;
            self.memory.advance(time_ms);
        }
        for _ in 0..FORGOTTEN_AT_ONCE {
            if !self.memory.is_behind() {
                break;
            }
            self.forget();
        }
    }

    fn forget(&mut self) {
        let mut orders = [NOWHERE; STRETCH];
        let count = self.memory.forget(&mut orders);
        self.orders.forget(&orders[..count]);
    }

    /// How long an id is remembered: its life, but for absurd ones, and a margin.
    fn keep_until_ms(&self, head: &Head<'_>) -> i64 {
        let longest = self.time_ms.saturating_add(LIFE_REMEMBERED_MS_MAX);
        head.valid_until_ms.min(longest) + ID_MARGIN_MS
    }

    /// Refuse what is valid for too long, and remember it: time must not make it acceptable.
    pub(super) fn too_far(&mut self, head: &Head<'_>, told: &mut impl ShardOutput) {
        if validate::identity(head, self.shard, self.shards) == Reason::None {
            let said = Said::Rejected(Reason::ValidUntilTooFar, 0);
            let keep_until_ms = self.keep_until_ms(head);
            self.memory.remember(head, keep_until_ms, said, false);
        }
        told.event(&unremembered(head, Reason::ValidUntilTooFar));
    }

    /// Answer a command whose id is known.
    pub(super) fn repeat(&mut self, known: u32, head: &Head<'_>, told: &mut impl ShardOutput) {
        // Two pieces of work, which only a repeat takes; a repeat is rare.
        let mut text = Vec::new();
        let first = self.content_of(&self.memory.known[known], &mut text);
        if first != content(head.command, &mut text) {
            return told.event(&unremembered(head, Reason::DuplicateId));
        }
        let keep_until_ms = self.keep_until_ms(head);
        self.memory.extend(known, keep_until_ms);
        // While there is no answer, the book's will serve both.
        if let Some(answer) = self.first_answer(known, true) {
            told.event(&answer);
        }
    }

    /// Take a new command into the memory, with its answer if there is one yet.
    pub(super) fn remember(&mut self, head: &Head<'_>, said: Said, pinned: bool) -> u32 {
        let keep_until_ms = head.valid_until_ms + ID_MARGIN_MS;
        self.memory.remember(head, keep_until_ms, said, pinned)
    }

    /// Answer no, and remember it.
    pub(super) fn reject(
        &mut self,
        head: &Head<'_>,
        reason: Reason,
        order_id: i64,
        told: &mut impl ShardOutput,
    ) {
        self.remember(head, Said::Rejected(reason, order_id), false);
        told.event(&AccountEvent::Rejected(Rejected {
            account: head.account,
            command_id: head.command_id,
            reason,
            order_id,
            repeated: false,
        }));
    }

    /// What was first answered to an id.
    pub(super) fn first_answer(&self, at: u32, repeated: bool) -> Option<AccountEvent<'_>> {
        let known = &self.memory.known[at];
        let account = known.account;
        let command_id = known.id.as_str();
        let accepted = |order_id, count| {
            AccountEvent::Accepted(Accepted {
                account,
                command_id,
                order_id,
                count,
                repeated,
            })
        };
        Some(match known.said() {
            Said::Nothing => return None,
            Said::Received(order) => {
                AccountEvent::Received(self.received(known, &self.orders[order], repeated))
            }
            Said::Accepted(order_id) => accepted(order_id, 1),
            Said::Counted(count) => accepted(0, count),
            Said::Rejected(reason, order_id) => AccountEvent::Rejected(Rejected {
                account,
                command_id,
                reason,
                order_id,
                repeated,
            }),
        })
    }

    fn received<'a>(&self, known: &'a Known, order: &Order, repeated: bool) -> Received<'a> {
        let market = order.r#type == OrderType::Market;
        Received {
            account: known.account,
            command_id: known.id.as_str(),
            order_id: order.order_id,
            instrument_id: self.instruments[order.instrument].rules.instrument_id,
            side: order.side,
            r#type: order.r#type,
            time_in_force: order.time_in_force,
            price: if market { 0 } else { order.placed_amount },
            size: order.placed_size,
            funds: if market { order.placed_amount } else { 0 },
            post_only: order.post_only,
            self_trade: order.self_trade,
            expire_ms: order.expire_ms,
            repeated,
        }
    }

    /// Whether the id that placed an order has not ended, and the order with it.
    #[inline]
    pub(super) fn remembers(&self, order: &Order) -> bool {
        order.state != OrderState::Done || !self.memory.has_ended(order.known)
    }

    /// The place of an order, open or remembered.
    #[inline]
    pub(super) fn find_order(&self, order_id: i64) -> Option<u32> {
        let found = self.orders.find(order_id);
        found.filter(|at| self.remembers(&self.orders[*at]))
    }

    /// The order that a command names, if it is the account's own.
    pub(super) fn named_order(
        &self,
        account: i64,
        order_id: i64,
        client_order_id: &str,
    ) -> Option<u32> {
        let at = if client_order_id.is_empty() {
            self.find_order(order_id)?
        } else {
            let known = self.memory.find_text(account, client_order_id)?;
            match self.memory.known[known].said() {
                Said::Received(order) => order,
                _ => return None,
            }
        };
        (self.orders[at].number == account).then_some(at)
    }

    /// The order as its owner is told.
    pub(super) fn status(&self, at: u32) -> OrderStatus<'_> {
        let order = &self.orders[at];
        let known = &self.memory.known[order.known];
        let instrument_id = self.instruments[order.instrument].rules.instrument_id;
        order.status(known.account, known.id.as_str(), instrument_id)
    }

    /// Move from available to held (or back, below 0), in the units of the order's hold.
    #[inline]
    pub(super) fn move_hold(&mut self, at: u32, amount: i64) -> Balance {
        let order = &self.orders[at];
        let units = self.instruments[order.instrument].units(order.side, amount);
        let line = Line {
            available: -units,
            held: units,
            ..Line::default()
        };
        self.journal.post(&mut self.accounts, order.holds, &line);
        self.journal.balance(&self.accounts, order.holds)
    }

    /// Number a request to a book and remember it as pending; return the number.
    pub(super) fn ask(
        &mut self,
        head: &Head<'_>,
        instrument: u32,
        order: Option<u32>,
        top_up: i64,
    ) -> i64 {
        self.request_count += 1;
        let known = self.remember(head, Said::Nothing, true);
        if let Some(order) = order {
            let order = &mut self.orders[order];
            order.requests += 1;
            order.top_up += top_up;
        }
        self.add_request(Request {
            number: self.request_count,
            top_up,
            instrument,
            order: order.unwrap_or(NOWHERE),
            known,
        });
        self.request_count
    }

    pub(super) fn add_request(&mut self, request: Request) {
        let tag = request_tag(request.number);
        let at = self.requests.insert(request);
        self.by_request.insert(tag, at);
    }

    /// The place of a pending request.
    pub(super) fn find_request(&self, request: i64) -> u32 {
        let is_it = |at| self.requests[at].number == request;
        let found = self.by_request.find(request_tag(request), is_it);
        found.unwrap_or_else(|| panic!("request {request} is not pending"))
    }

    /// Take out a request that its book has answered; the order is nowhere for a cancel-all.
    pub(super) fn take_request(&mut self, request: i64, instrument_id: i64, order: u32) -> Request {
        let at = self.find_request(request);
        let asked = self.requests.remove(at);
        self.by_request.remove(request_tag(request), at);
        let rules = &self.instruments[asked.instrument].rules;
        assert!(
            rules.instrument_id == instrument_id,
            "a request is answered by its book"
        );
        assert!(asked.order == order, "a request is answered for its order");
        if order != NOWHERE {
            let row = &mut self.orders[order];
            row.requests -= 1;
            row.top_up -= asked.top_up;
            self.retire(order);
        }
        asked
    }

    /// Take the answer to a request into the memory, and tell it.
    pub(super) fn answer(&mut self, asked: &Request, said: Said, told: &mut impl ShardOutput) {
        self.memory.answer(asked.known, said, self.time_ms);
        let answer = self.first_answer(asked.known, false);
        told.event(&answer.expect("an answer that was just taken in"));
    }

    /// Let a done order without pending requests be forgotten, a margin from now.
    pub(super) fn retire(&mut self, at: u32) {
        let order = &self.orders[at];
        if order.state == OrderState::Done && order.requests == 0 {
            let keep_until_ms = self.time_ms + ID_MARGIN_MS;
            self.memory.release(order.known, keep_until_ms);
        }
    }

    /// The place of an order that a book reports on.
    #[inline]
    pub(super) fn undone(&self, order_id: i64, instrument_id: i64) -> u32 {
        let found = self.find_order(order_id);
        let at = found.unwrap_or_else(|| panic!("order {order_id} is unknown"));
        let order = &self.orders[at];
        assert!(order.state != OrderState::Done, "order {order_id} is done");
        assert!(
            self.instruments[order.instrument].rules.instrument_id == instrument_id,
            "order {order_id} is in another book"
        );
        at
    }
}
