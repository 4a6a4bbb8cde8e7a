//! Operating-system services that both programs use.
//!
//! Atomic, durable files ([`durable`]), hashes of files and copies ([`hash`]), the service manager ([`service`]), man
//! pages and shell completions for packages ([`manuals`]), and bytes over a WebSocket ([`websocket`]). Every error names its path, since files are opened with `fs-err`.

pub mod durable;
pub mod hash;
pub mod manuals;
pub mod service;
pub mod websocket;
