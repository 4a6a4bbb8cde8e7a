//! How receivers listen.

pub mod rtl_tcp;
