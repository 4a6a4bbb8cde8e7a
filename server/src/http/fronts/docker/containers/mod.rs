//! Containers: instances of challenges.

pub mod images;
pub mod nuke;
mod reference;
pub mod secrets;
pub mod start;
pub mod status;

pub use images::of_image;
pub use reference::is_reference;
