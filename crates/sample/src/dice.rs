//! Repeatable chance.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// ChaCha with 8 rounds under the seed as a little-endian number in the first eight of 32 key bytes. ChaCha is a fixed
/// function, so the same seed gives the same class on every machine and with every version of the library; the few draws
/// below are spelled out here for the same reason.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to below `end` (0 for none). Multiply and shift: the bias is below one in four thousand millions.
    pub fn below(&mut self, end: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(end);
        u32::try_from(wide >> 32).expect("a product of 32-bit numbers, shifted down by 32")
    }

    /// Both ends included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let index = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        *from.get(usize::try_from(index).unwrap_or(0)).expect("the lists of this crate are not empty")
    }

    pub fn weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let mut left = self.below(from.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in from {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *value,
            }
        }
        from.first().expect("the lists of this crate are not empty").0
    }

    /// A bell around `mean`: the sum of four draws, so never more than twice `spread` away. In tenths, whole numbers only.
    pub fn bell(&mut self, mean: i32, spread: u32) -> i32 {
        let sum: u32 = (0..4).map(|_| self.below(spread + 1)).sum();
        mean + i32::try_from(sum).unwrap_or(0) - i32::try_from(2 * spread).unwrap_or(0)
    }
}
