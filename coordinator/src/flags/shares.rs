//! How the parts of a challenge share its points.

use crate::store::flags::StoredFlag;
use crate::store::flags::solves::Solve;
use std::collections::BTreeMap;

/// Returns the share of each part.
fn shares(flags: &[StoredFlag]) -> BTreeMap<u16, u64> {
    flags.iter().map(|flag| (flag.part, u64::from(flag.share))).collect()
}

/// Returns what a part is worth: its share of the points, rounded down; the last part also has what remains.
pub(super) fn points_of(part: u16, points: u32, flags: &[StoredFlag]) -> u32 {
    let shares = shares(flags);
    let sum: u64 = shares.values().sum();
    let rounded = |share: &u64| u32::try_from(u64::from(points) * share / sum.max(1)).unwrap_or(points);
    let own = shares.get(&part).map_or(0, rounded);
    let is_last = shares.last_key_value().is_some_and(|(last, _)| *last == part);
    let remainder = points - shares.values().map(rounded).sum::<u32>();
    if is_last { own + remainder } else { own }
}

/// Returns whether all parts are solved.
pub(super) fn is_whole(flags: &[StoredFlag], solved: &[Solve]) -> bool {
    flags.iter().all(|flag| solved.iter().any(|solve| solve.part == flag.part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::flags::FlagMode;

    fn flag(part: u16, share: u32) -> StoredFlag {
        StoredFlag { part, share, mode: FlagMode::Text, content: Vec::new() }
    }

    #[test]
    fn the_parts_are_worth_all_points_together_and_the_last_has_the_remainder() {
        let thirds = [flag(0, 1), flag(0, 1), flag(1, 1), flag(2, 1)];
        assert_eq!([0, 1, 2].map(|part| points_of(part, 100, &thirds)), [33, 33, 34]);
        let uneven = [flag(0, 3), flag(1, 1)];
        assert_eq!([0, 1].map(|part| points_of(part, 100, &uneven)), [75, 25]);
        assert_eq!(points_of(0, u32::MAX, &[flag(0, u32::MAX)]), u32::MAX);
    }
}
