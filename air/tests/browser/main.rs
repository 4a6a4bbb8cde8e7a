//! The receiver in a real browser, tuned by clicks and keys, and read by other people's decoders.

mod chromium;
mod decoders;
mod page;
mod receive;
mod signals;
mod site;
