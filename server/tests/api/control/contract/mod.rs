//! What holds for all of the API: its documents, who may do what, and that every request is answered in order.

mod description;
mod document;
mod errors;
mod fuzzing;
pub mod matrix;
