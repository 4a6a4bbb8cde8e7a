//! The receiver in a real browser, tuned by clicks and keys, and read by other people's decoders.

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
