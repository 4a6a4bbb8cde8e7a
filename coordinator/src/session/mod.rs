//! What a session is, apart from where it is stored: whose, and how it stands.

pub mod owner;
pub mod state;

pub use owner::Owner;
pub use state::{Happening, SessionState};
