//! What loops over samples share so that the processor works on several at once.
//!
//! Such loops are compiled twice, for any processor and for one with AVX2 and FMA (`#[multiversion]`, which chooses when
//! the program runs); what they call is inlined into them.

/// Samples worked on at once: single precision in a register of 256 bits.
pub(crate) const LANES: usize = 8;

/// Returns `a·b + c`, rounded once if `FUSED`. Only where the processor can do that: else it is a call and slow.
#[inline(always)]
pub(crate) fn mul_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
