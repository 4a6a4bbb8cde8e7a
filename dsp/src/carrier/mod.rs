//! Carriers that sound moves or bits key, without a click at either end.

pub mod envelope;
pub mod fm;
pub mod fsk;
pub mod ook;
mod symbols;
