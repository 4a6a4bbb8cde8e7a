//! Points on the unit circle from phases that wrap by themselves.
//!
//! A phase is a whole number of 2⁻³² turns, so that adding never loses precision, however long a carrier is on air, and
//! nothing has to be brought back into range. Several points are computed at once, without a branch or a call.

use crate::lanes::{LANES, mul_add};
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use num_complex::Complex32;
use std::f32::consts::TAU;

/// Units of a phase in one turn.
const TURN: f64 = 4_294_967_296.0;

/// Bits of a phase within a quarter of a turn.
const QUARTER: u32 = 30;

/// Returns a part of a turn, of either sign, in the units of a phase. Parts beyond half a turn wrap around.
pub(crate) fn part_of_turn(turns: f64) -> i32 {
    ((turns - turns.round()) * TURN) as i64 as i32
}

/// Returns the units of a phase in so many turns, for products with levels from -1 to 1: less than half a turn.
pub(crate) fn units(turns: f64) -> f64 {
    turns * TURN
}

/// Writes the point at each phase over the sample beside it.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(crate) fn write_phasors(phases: &[u32], out: &mut [Complex32]) {
    if target_cfg_f!(target_feature = "fma") {
        write_all::<true>(phases, out);
    } else {
        write_all::<false>(phases, out);
    }
}

/// Returns the point at a phase.
pub(crate) fn phasor_at(phase: u32) -> Complex32 {
    phasor::<false>(phase)
}

#[inline(always)]
fn write_all<const FUSED: bool>(phases: &[u32], out: &mut [Complex32]) {
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    let (block_phases, rest_phases) = phases.as_chunks::<LANES>();
    for (out, phases) in blocks.iter_mut().zip(block_phases) {
        for (out, phase) in out.iter_mut().zip(phases) {
            *out = phasor::<FUSED>(*phase);
        }
    }
    for (out, phase) in rest.iter_mut().zip(rest_phases) {
        *out = phasor::<FUSED>(*phase);
    }
}

/// The terms of cos x in x² and of sin x / x in x², without the first, which is 1.
const COS: [f32; 4] = [-1.0 / 2.0, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0];
const SIN: [f32; 4] = [-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0];

/// Cosine and sine by their Taylor series to x⁹, within an eighth of a turn around the nearest quarter: the first term
/// left out is below 3e-8, half of the last place of a number near 1.
#[inline(always)]
fn phasor<const FUSED: bool>(phase: u32) -> Complex32 {
    let quarter = phase.wrapping_add(1 << (QUARTER - 1)) >> QUARTER;
    let rest = phase.wrapping_sub(quarter << QUARTER) as i32;
    let x = rest as f32 * (TAU / TURN as f32);
    let square = x * x;
    let cos = mul_add::<FUSED>(series::<FUSED>(&COS, square), square, 1.0);
    let sin = mul_add::<FUSED>(series::<FUSED>(&SIN, square) * square, x, x);
    // A quarter of a turn makes of (cos, sin) (-sin, cos).
    let (re, im) = if quarter & 1 == 0 { (cos, sin) } else { (sin, cos) };
    let (re_sign, im_sign) = ((quarter.wrapping_add(1) & 2) << QUARTER, (quarter & 2) << QUARTER);
    Complex32::new(f32::from_bits(re.to_bits() ^ re_sign), f32::from_bits(im.to_bits() ^ im_sign))
}

#[inline(always)]
fn series<const FUSED: bool>(terms: &[f32; 4], square: f32) -> f32 {
    let [lower @ .., highest] = terms;
    let mut value = *highest;
    for term in lower.iter().rev() {
        value = mul_add::<FUSED>(value, square, *term);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_where_its_phase_says() {
        let phases: Vec<u32> = (0..100_003u32).map(|n| n.wrapping_mul(42_949)).collect();
        let mut points = vec![Complex32::ZERO; phases.len()];
        write_phasors(&phases, &mut points);
        for (phase, point) in phases.iter().zip(points) {
            let (sin, cos) = (f64::from(*phase) / TURN * std::f64::consts::TAU).sin_cos();
            let error = (f64::from(point.re) - cos).hypot(f64::from(point.im) - sin);
            assert!(error < 2e-7, "{phase}: {error:e}");
        }
    }

    #[test]
    fn parts_of_a_turn_add_up_to_whole_turns() {
        assert_eq!(part_of_turn(0.25), 1 << 30);
        assert_eq!(part_of_turn(-3.75), 1 << 30);
        assert_eq!(4i64 * i64::from(part_of_turn(0.25)), TURN as i64);
        assert_eq!(part_of_turn(0.75), part_of_turn(-0.25));
    }
}
