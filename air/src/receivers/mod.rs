//! How receivers listen.

pub mod rtl_tcp;
pub mod sigmf;
pub mod zmq;
