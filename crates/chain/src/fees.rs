//! What a transaction offers for gas, and what it offers when it waited too long. Decides only; asks nobody.

/// What a transaction offers per gas, in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fee {
    /// One price (EIP-155). 0 on permissioned networks that charge nothing.
    Legacy {
        /// The price.
        price: u128,
    },
    /// A limit and a tip (EIP-1559): pays the block's base fee and the tip, together no more than the limit.
    Dynamic {
        /// The limit.
        max: u128,
        /// The tip.
        tip: u128,
    },
}

impl Fee {
    /// Nothing.
    pub const FREE: Fee = Fee::Legacy { price: 0 };

    /// The most it can cost per gas.
    pub const fn most(&self) -> u128 {
        match self {
            Fee::Legacy { price } => *price,
            Fee::Dynamic { max, .. } => *max,
        }
    }

    /// What it costs per gas in a block with this base fee.
    pub fn in_block(&self, base: u128) -> u128 {
        match self {
            Fee::Legacy { price } => *price,
            Fee::Dynamic { max, tip } => base.saturating_add(*tip).min(*max),
        }
    }

    /// Whether nodes take this in place of the other for the same nonce: more by a tenth at least, in all it names. A
    /// transaction of another kind is compared by the most it can cost.
    pub fn outbids(&self, other: &Fee) -> bool {
        let by_a_tenth = |new: u128, old: u128| new > old && new - old >= old.div_ceil(10);
        match (self, other) {
            (Fee::Dynamic { max, tip }, Fee::Dynamic { max: old_max, tip: old_tip }) => {
                by_a_tenth(*max, *old_max) && (by_a_tenth(*tip, *old_tip) || *old_tip == 0)
            }
            _ => by_a_tenth(self.most(), other.most()),
        }
    }
}

/// How much is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeePolicy {
    /// This price, whatever happens; what waits at a lower one is outbid.
    Fixed {
        /// Per gas, in wei.
        price: u128,
    },
    /// What the network asks: twice the base fee and a tip, raised by an eighth each time a transaction waited too long,
    /// never above a ceiling. At the ceiling it waits, and an operator is told.
    Market {
        /// The tip, in wei per gas.
        tip: u128,
        /// The most, in wei per gas.
        ceiling: u128,
    },
}

impl FeePolicy {
    /// The offer of a first transaction, where the latest block has this base fee; none on a network without.
    ///
    /// Twice the base fee: it rises by an eighth a block at most (EIP-1559), so the offer holds for five full blocks.
    pub fn first(&self, base: Option<u128>) -> Fee {
        match (self, base) {
            (FeePolicy::Fixed { price }, _) => Fee::Legacy { price: *price },
            (FeePolicy::Market { tip, ceiling }, None) => Fee::Legacy { price: (*tip).min(*ceiling) },
            (FeePolicy::Market { tip, ceiling }, Some(base)) => {
                let max = base.saturating_mul(2).saturating_add(*tip).min(*ceiling);
                Fee::Dynamic { max, tip: (*tip).min(max) }
            }
        }
    }

    /// The offer of a transaction that takes the place of one that waits. `None`: the one that waits stays; it offers what
    /// this policy would, or the ceiling leaves no room.
    pub fn raised(&self, waits: &Fee, waited_long: bool, base: Option<u128>) -> Option<Fee> {
        let offer = match self {
            FeePolicy::Fixed { .. } => self.first(base),
            FeePolicy::Market { .. } if !waited_long => return None,
            FeePolicy::Market { ceiling, .. } => {
                let more = |n: u128| n.saturating_add(n / 8).saturating_add(1);
                match (self.first(base), waits) {
                    (Fee::Dynamic { max, tip }, Fee::Dynamic { max: old_max, tip: old_tip }) => {
                        let max = max.max(more(*old_max)).min(*ceiling);
                        Fee::Dynamic { max, tip: tip.max(more(*old_tip)).min(max) }
                    }
                    (Fee::Dynamic { max, tip }, Fee::Legacy { price }) => {
                        Fee::Dynamic { max: max.max(more(*price)).min(*ceiling), tip }
                    }
                    (Fee::Legacy { price }, old) => Fee::Legacy { price: price.max(more(old.most())).min(*ceiling) },
                }
            }
        };
        offer.outbids(waits).then_some(offer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u128 = 1_000_000_000;

    #[test]
    fn a_fixed_price_outbids_what_waits_for_less_and_nothing_else() {
        let free = FeePolicy::Fixed { price: 0 };
        assert_eq!(free.first(Some(7)), Fee::FREE);
        assert_eq!(free.raised(&Fee::FREE, true, Some(7)), None);
        let dearer = FeePolicy::Fixed { price: 10 };
        assert_eq!(dearer.raised(&Fee::FREE, false, None), Some(Fee::Legacy { price: 10 }));
        assert_eq!(dearer.raised(&Fee::Legacy { price: 9 }, true, None), Some(Fee::Legacy { price: 10 }));
        assert_eq!(dearer.raised(&Fee::Legacy { price: 10 }, true, None), None);
        assert_eq!(dearer.raised(&Fee::Legacy { price: 11 }, true, None), None);
    }

    #[test]
    fn the_market_is_followed_up_to_the_ceiling() {
        let policy = FeePolicy::Market { tip: GWEI, ceiling: 20 * GWEI };
        let first = policy.first(Some(3 * GWEI));
        assert_eq!(first, Fee::Dynamic { max: 7 * GWEI, tip: GWEI });
        assert_eq!(policy.raised(&first, false, Some(9 * GWEI)), None, "it has its time");
        let mut offer = first;
        let mut steps = 0;
        while let Some(raised) = policy.raised(&offer, true, Some(3 * GWEI)) {
            assert!(raised.outbids(&offer) && raised.most() <= 20 * GWEI);
            (offer, steps) = (raised, steps + 1);
        }
        assert!(steps > 3 && offer.most() > 17 * GWEI, "{offer:?} after {steps}");
        // The base fee rose meanwhile: the offer follows it at once.
        assert_eq!(policy.raised(&first, true, Some(9 * GWEI)).map(|f| f.most()), Some(19 * GWEI));
        assert_eq!(policy.first(Some(100 * GWEI)).most(), 20 * GWEI);
    }

    #[test]
    fn a_network_without_base_fee_is_offered_a_price() {
        let policy = FeePolicy::Market { tip: 5, ceiling: 100 };
        assert_eq!(policy.first(None), Fee::Legacy { price: 5 });
        assert_eq!(policy.raised(&Fee::Legacy { price: 5 }, true, None), Some(Fee::Legacy { price: 6 }));
        assert_eq!(policy.raised(&Fee::Legacy { price: 5 }, true, Some(10)), Some(Fee::Dynamic { max: 25, tip: 5 }));
        assert_eq!(policy.raised(&Fee::Legacy { price: 99 }, true, None), None, "no room");
    }

    #[test]
    fn nothing_overflows() {
        let policy = FeePolicy::Market { tip: u128::MAX, ceiling: u128::MAX };
        let first = policy.first(Some(u128::MAX));
        assert_eq!(first, Fee::Dynamic { max: u128::MAX, tip: u128::MAX });
        assert_eq!(policy.raised(&first, true, Some(u128::MAX)), None);
        assert_eq!(first.in_block(u128::MAX), u128::MAX);
    }

    #[test]
    fn a_block_is_paid_its_base_fee_and_the_tip_within_the_limit() {
        let fee = Fee::Dynamic { max: 10, tip: 3 };
        assert_eq!([0, 5, 7, 9].map(|base| fee.in_block(base)), [3, 8, 10, 10]);
    }
}
