//! The API as a whole: its description, the roles that each route needs, errors, and generated requests.

mod description;
mod document;
mod errors;
pub mod fuzzing;
pub mod matrix;
