//! What an amend asks for: whether it is refused, and whether the order keeps its place.

use super::orders::{Order, Terms};
use crate::arithmetic::need;
use crate::schemas::enums::{Reason, Side};
use crate::schemas::orders::AmendOrder;

/// Why the order cannot have the new size and price, else None.
///
/// The shard computed the top-up without knowing of fills on their way to it, so hold and top-up
/// together may fall short, and then the amend is refused.
#[inline]
pub fn refusal(order: &Order, terms: &Terms, amend: &AmendOrder, notional_unit: i64) -> Reason {
    let remaining = amend.size - (order.size - order.remaining);
    if remaining <= 0 {
        return Reason::SizeAlreadyFilled;
    }
    let (needed, held) = match order.side {
        Side::Buy => {
            let rate_ppm = terms.maker_fee_ppm.max(terms.taker_fee_ppm);
            (
                need(amend.price, remaining, notional_unit, rate_ppm),
                need(order.price, order.remaining, notional_unit, rate_ppm),
            )
        }
        Side::Sell => (i128::from(remaining), i128::from(order.remaining)),
    };
    if needed > held + i128::from(amend.top_up) {
        Reason::TopUpTooSmall
    } else {
        Reason::None
    }
}

/// Whether the order keeps its priority: with less left at the same price, and only then.
#[inline]
pub fn keeps_place(order: &Order, amend: &AmendOrder) -> bool {
    amend.price == order.price && amend.size < order.size
}
