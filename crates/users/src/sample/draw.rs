//! Chance that is the same again: what is drawn follows from the number that one begins with. Nothing secret is made of it.

/// A row of draws.
#[derive(Clone, Debug)]
pub(super) struct Draw(u64);

/// The odd number that SplitMix64 steps by (Steele, Lea, Flood 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draw {
    /// The row of one thing: of the `index`th of its kind.
    pub(super) fn of(seed: u64, kind: u64, index: u64) -> Self {
        let mut draw = Self(seed);
        draw.0 = draw.next() ^ kind;
        draw.0 = draw.next() ^ index;
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// Whether a case comes up that is as frequent as one in `times`.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of a list that is not empty.
    pub(super) fn among<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        &list[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_beginning_draws_the_same_and_another_does_not() {
        let row = |seed, index| {
            let mut draw = Draw::of(seed, 1, index);
            [draw.below(1000), draw.below(1000), draw.below(1000)]
        };
        assert_eq!(row(7, 3), row(7, 3));
        assert_ne!(row(7, 3), row(7, 4));
        assert_ne!(row(7, 3), row(8, 3));
        assert_eq!(Draw::of(1, 1, 1).below(0), 0);
    }
}
