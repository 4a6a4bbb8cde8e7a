//! The receiver in the browser: a page, and a WebSocket with a waterfall and demodulated sound.
//!
//! One thread for each band makes the sound and the rows of all of its listeners, and runs only while there are any; it
//! never waits for a listener. Each listener is one connection, with a queue that drops the oldest when the browser is slow.

mod assets;
mod controls;
mod feed;
mod flow;
mod frame;
mod http;
mod listener;
mod message;
mod outbox;
mod peer;
mod server;
mod session;
mod settings;
mod worker;

pub use server::serve;
pub use settings::{BandSettings, Settings, SettingsError};
