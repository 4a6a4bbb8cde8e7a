//! What handlers take out of a request: who asks, from where, and what they send.

pub mod body;
pub mod echo;
pub mod origin;
pub mod principal;
pub mod query;
pub mod rate_limits;
