//! Random numbers by their place: the same seed and place give the same number, in any order of drawing.

use std::f64::consts::TAU;

/// Mixes a seed and places into 64 even bits (the finaliser of SplitMix64; Steele, Lea and Flood, 2014).
pub(super) fn hash(places: &[u64]) -> u64 {
    places.iter().fold(0x9e37_79b9_7f4a_7c15, |state, place| mix(state ^ mix(place.wrapping_add(state))))
}

/// Turns a name into a place.
pub(super) fn place_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| mix(state ^ u64::from(byte)))
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Returns a number from -1 to 1, evenly distributed, that depends on the seed and the name alone.
pub(super) fn drawn(seed: u64, name: &str) -> f64 {
    hash(&[seed, place_of(name)]) as f64 / 2_f64.powi(63) - 1.0
}

/// Returns two independent normal numbers of variance 1 from 64 even bits (Box and Muller, 1958).
pub(super) fn normal_pair(bits: u64) -> (f64, f64) {
    let unit = |bits: u64| (f64::from((bits & 0xffff_ffff) as u32) + 0.5) / 4_294_967_296.0;
    let radius = (-2.0 * unit(bits).ln()).sqrt();
    let (sin, cos) = (TAU * unit(bits >> 32)).sin_cos();
    (radius * cos, radius * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let numbers: Vec<_> = (0..50_000).map(|n| normal_pair(hash(&[7, n]))).flat_map(|(a, b)| [a, b]).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|number| number * number).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn each_place_has_its_own_number() {
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
        assert_eq!(hash(&[1, 2]), hash(&[1, 2]));
        assert_ne!(place_of("A"), place_of("B"));
    }
}
