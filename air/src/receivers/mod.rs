//! The ways in which receivers listen, other than a browser.

pub mod rtl_tcp;
pub mod sigmf;
pub mod zmq;
