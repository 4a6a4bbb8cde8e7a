//! Challenges of kind `instance` as their authors write them, and what a reader of another format has to say about them.

mod finding;
mod flags;
mod form;
mod slug;

pub use finding::{Finding, Level, Reading};
pub use flags::{DEFAULT_FORMAT, FLAG_VARIABLES, Flag, FlagMode, Part};
pub use form::{DEFAULT_POINTS, Form};
pub(crate) use form::{check_texts, default_points, yes};
pub use slug::{MAX_SLUG, Slug, SlugError};
