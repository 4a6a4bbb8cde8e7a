//! The receiver in a real browser, tuned by clicks and keys, and read by other people's decoders.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod attacks;
mod chromium;
mod client;
mod connection;
mod decoders;
mod page;
mod receive;
mod signals;
mod site;
mod usability;
