//! Extractors: the principal of a request, its origin, its query and its body.

pub mod admitted;
pub mod anybody;
pub mod bodied;
pub mod body;
pub mod echo;
pub mod fields;
pub mod origin;
pub mod player;
pub mod principal;
pub mod query;
pub mod this_machine;
