//! The HTTP API against a real server on a real database: request in, response out, field by field.

mod errors;
mod files;
mod polling;
mod runners;
mod site;
mod views;
